package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestTheKeyIsMadeOnceForItsOwnerAlone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "deep", "state")
	first, err := loadKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != keySize || bytes.Equal(first, make([]byte, keySize)) {
		t.Errorf("key = %x, want %d random bytes", first, keySize)
	}
	second, err := loadKey(folder)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("second start: %x, %v, want %x", second, err, first)
	}
	for path, want := range map[string]os.FileMode{filepath.Join(folder, "key"): 0o600, folder: 0o700} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s = %o, want %o", path, got, want)
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v, want the key alone", entries, err)
	}
}

func TestServersThatStartTogetherShareOneKey(t *testing.T) {
	folder := t.TempDir()
	keys := make([][]byte, 32)
	errs := make([]error, len(keys))
	var starting sync.WaitGroup
	for i := range keys {
		starting.Go(func() { keys[i], errs[i] = loadKey(folder) })
	}
	starting.Wait()
	for i, key := range keys {
		if errs[i] != nil || !bytes.Equal(key, keys[0]) {
			t.Errorf("server %d: %x, %v, want %x", i, key, errs[i], keys[0])
		}
	}
}

func TestAKeyThatCannotServeIsNamedAndKept(t *testing.T) {
	for _, size := range []int{0, keySize - 1, keySize + 1} {
		folder := t.TempDir()
		path := filepath.Join(folder, "key")
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := loadKey(folder)
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "32") {
			t.Errorf("with %d bytes: %v, want an error that names %s and the size", size, err, path)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != int64(size) {
			t.Errorf("the file was changed: %v, %v", info, err)
		}
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "key")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKey(folder); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("unreadable: %v, want an error that names %s", err, path)
	}
}

func TestAnUnusableStateFolderIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{file, filepath.Join(file, "below")} {
		if _, err := loadKey(folder); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("loadKey(%s) = %v, want an error that names it", folder, err)
		}
	}
}
