//go:build linux

package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

//go:embed shim.js
var shim []byte

// page serves the program and what it needs to the browser.
type page struct {
	url     string
	exit    <-chan int
	started <-chan struct{} // closed when the browser asks for the program
	close   func() error
}

// servePage listens on a free port of loopback. The paths that reach this
// machine's files carry a secret, so that no other page or user can use them.
func servePage(argv []string) (*page, error) {
	if _, err := os.Stat(argv[0]); err != nil {
		return nil, err
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("ask go for its root: %w", err)
	}
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	config, err := json.Marshal(map[string]any{"argv": argv, "env": passedEnv(os.Environ()), "cwd": cwd})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}

	exit := make(chan int, 1)
	started := make(chan struct{})
	start := sync.OnceFunc(func() { close(started) })
	secret := "/" + rand.Text()
	files := newFiles()

	mux := http.NewServeMux()
	mux.HandleFunc("GET "+secret+"/{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>Go</title>
<script>const config = %s;</script>
<script src="shim.js"></script>
<script src="wasm_exec.js"></script>
<script>start();</script>
`, config)
	})
	mux.HandleFunc("GET "+secret+"/shim.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Write(shim)
	})
	mux.HandleFunc("GET "+secret+"/wasm_exec.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js"))
	})
	mux.HandleFunc("GET "+secret+"/program", func(w http.ResponseWriter, r *http.Request) {
		start()
		w.Header().Set("Content-Type", "application/wasm")
		http.ServeFile(w, r, argv[0])
	})
	mux.HandleFunc("POST "+secret+"/exit", func(w http.ResponseWriter, r *http.Request) {
		code, err := strconv.Atoi(r.FormValue("code"))
		if err != nil {
			code = failed
		}
		select {
		case exit <- code:
		default: // the first exit counts
		}
	})
	mux.HandleFunc("POST "+secret+"/fs/{operation}", files.serve)
	mux.HandleFunc("GET /ws-test", serveTestSocket)

	server := &http.Server{Handler: mux}
	go server.Serve(listener)
	return &page{
		url:     "http://" + listener.Addr().String() + secret + "/",
		exit:    exit,
		started: started,
		close:   server.Close,
	}, nil
}

// passedEnv picks what the program may want to know: wasm_exec.js has room for
// less than 8 KB of arguments and environment together.
func passedEnv(environ []string) map[string]string {
	env := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "HOME", "TMPDIR", "CI", "GODEBUG", "GOCOVERDIR":
			env[name] = value
		default:
			if strings.HasPrefix(name, "HOLDLINE_") {
				env[name] = value
			}
		}
	}
	return env
}

// serve answers one file operation: its arguments as JSON in the query, what is
// written in the body; a failure is status 422 with the name of the error.
func (f *files) serve(w http.ResponseWriter, r *http.Request) {
	var args []any
	if err := json.Unmarshal([]byte(r.URL.Query().Get("args")), &args); err != nil {
		http.Error(w, "EINVAL", http.StatusUnprocessableEntity)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the browser is gone
	}
	result, err := f.do(r.PathValue("operation"), arguments(args), body)
	if err != nil && !errors.Is(err, io.EOF) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		io.WriteString(w, errnoName(err))
		return
	}
	if data, ok := result.([]byte); ok {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(data)
		return
	}
	json.NewEncoder(w).Encode(result)
}
