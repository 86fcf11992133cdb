// Compress makes the .br (brotli, quality 11) and .gz (level 9) forms of files.
//
//	go run ./scripts/compress -write FILE...     puts FILE.br and FILE.gz beside each FILE
//	go run ./scripts/compress -budget N FILE...  prints sizes; fails if a .gz has more than N bytes
//
// The budget is gzip's: what brotli makes of the wasm goes up and down by 0.3 %
// with any byte of it, such as the version's; what gzip makes, by 0.003 %.
//
// Results are kept by content in bin/compressed, so the same content is
// compressed once; what was not asked for in a week is removed.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
)

const (
	cacheDir = "bin/compressed"
	keepFor  = 7 * 24 * time.Hour
)

type encoding struct {
	ext    string
	writer func(io.Writer) (io.WriteCloser, error)
}

var (
	gzip9 = encoding{".gz", func(w io.Writer) (io.WriteCloser, error) {
		return gzip.NewWriterLevel(w, gzip.BestCompression)
	}}
	brotli11 = encoding{".br", func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(w, brotli.BestCompression), nil
	}}
)

func main() {
	write := flag.Bool("write", false, "put FILE.br and FILE.gz beside each FILE")
	budget := flag.Int("budget", 0, "print sizes and fail if a FILE.gz has more than this many `bytes`")
	flag.Parse()

	failed := false
	for _, name := range flag.Args() {
		if err := compress(name, *write, *budget); err != nil {
			fmt.Fprintf(os.Stderr, "compress: %v\n", err)
			failed = true
		}
	}
	if err := prune(); err != nil {
		fmt.Fprintf(os.Stderr, "compress: prune the cache: %v\n", err)
		failed = true
	}
	if failed {
		os.Exit(1)
	}
}

func compress(name string, write bool, budget int) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var gz, br []byte
	var gzErr, brErr error
	var both sync.WaitGroup
	both.Go(func() { gz, gzErr = cached(raw, gzip9) })
	both.Go(func() { br, brErr = cached(raw, brotli11) })
	both.Wait()
	if err := errors.Join(gzErr, brErr); err != nil {
		return err
	}
	if write {
		if err := errors.Join(
			os.WriteFile(name+gzip9.ext, gz, 0o644),
			os.WriteFile(name+brotli11.ext, br, 0o644),
		); err != nil {
			return err
		}
	}
	if budget > 0 {
		fmt.Printf("%s in bytes: raw %d, brotli -q 11 %d, gzip -9 %d (%.1f%% of the budget of %d)\n",
			filepath.Base(name), len(raw), len(br), len(gz), 100*float64(len(gz))/float64(budget), budget)
		if len(gz) > budget {
			return fmt.Errorf("%s: gzip -9 makes %d bytes, %d above the budget of %d", name, len(gz), len(gz)-budget, budget)
		}
	}
	return nil
}

// cached returns raw in the encoding, from the cache where it has been made before.
func cached(raw []byte, enc encoding) ([]byte, error) {
	sum := sha256.Sum256(raw)
	path := filepath.Join(cacheDir, hex.EncodeToString(sum[:])+enc.ext)
	if data, err := os.ReadFile(path); err == nil {
		now := time.Now()
		return data, os.Chtimes(path, now, now)
	}

	var out bytes.Buffer
	w, err := enc.writer(&out)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), store(path, out.Bytes())
}

// store writes a whole file or none, so that an interrupted run leaves no half result.
func store(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

func prune() error {
	entries, err := os.ReadDir(cacheDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && time.Since(info.ModTime()) > keepFor {
			os.Remove(filepath.Join(cacheDir, entry.Name()))
		}
	}
	return nil
}
