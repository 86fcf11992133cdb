package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// keySize is the length of the server's key in bytes: as long as the output of
// the HMAC-SHA-256 that it signs with (RFC 2104, section 3).
const keySize = 32

// loadKey returns the server's key from the state folder and makes folder and
// key where they are missing. Several servers may start on one folder at the
// same time: all get the key of the first.
func loadKey(folder string) ([]byte, error) {
	path := filepath.Join(folder, "key")
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	if err := createKey(folder, path); err != nil {
		return nil, fmt.Errorf("write the server's key: %w", err)
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the server's key: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("the server's key %s must have %d bytes, got %d; remove it to get a new one, which ends the calls that are held", path, keySize, len(key))
	}
	return key, nil
}

// createKey links a complete file into place, so that nobody reads half a key
// and a key that is there first is kept.
func createKey(folder, path string) error {
	temporary, err := os.CreateTemp(folder, "key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	key := make([]byte, keySize)
	rand.Read(key) // never fails (Go 1.24)
	_, err = temporary.Write(key)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err != nil {
		return err
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
