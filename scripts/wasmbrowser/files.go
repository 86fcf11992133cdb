//go:build linux

package main

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

// files does for the program what Node's fs module does: it keeps the open
// files by their numbers. The page asks for one operation at a time.
type files struct {
	mu   sync.Mutex
	open map[int]*os.File
	next int
}

func newFiles() *files {
	return &files{open: map[int]*os.File{1: os.Stdout, 2: os.Stderr}, next: 3}
}

// arguments are those of a call to Node's fs, without the callback.
type arguments []any

func (a arguments) int(i int) int {
	if i >= len(a) {
		return 0
	}
	v, _ := a[i].(float64)
	return int(v)
}

func (a arguments) str(i int) string {
	if i >= len(a) {
		return ""
	}
	v, _ := a[i].(string)
	return v
}

// position is where to read or write; ok is false for "where the file stands".
func (a arguments) position(i int) (at int64, ok bool) {
	if i >= len(a) || a[i] == nil {
		return 0, false
	}
	return int64(a.int(i)), true
}

func (f *files) do(operation string, a arguments, body []byte) (any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch operation {
	case "open":
		return f.add(os.OpenFile(a.str(0), a.int(1), os.FileMode(a.int(2))))
	case "stat":
		return stat(os.Stat(a.str(0)))
	case "lstat":
		return stat(os.Lstat(a.str(0)))
	case "readdir":
		return names(os.ReadDir(a.str(0)))
	case "readlink":
		return os.Readlink(a.str(0))
	case "mkdir":
		return nil, os.Mkdir(a.str(0), os.FileMode(a.int(1)))
	case "unlink":
		return nil, syscall.Unlink(a.str(0))
	case "rmdir":
		return nil, syscall.Rmdir(a.str(0))
	case "rename":
		return nil, os.Rename(a.str(0), a.str(1))
	case "chmod":
		return nil, os.Chmod(a.str(0), os.FileMode(a.int(1)))
	case "truncate":
		return nil, os.Truncate(a.str(0), int64(a.int(1)))
	}

	file, ok := f.open[a.int(0)]
	if !ok {
		return nil, syscall.EBADF
	}
	switch operation {
	case "close":
		delete(f.open, a.int(0))
		return nil, file.Close()
	case "fstat":
		return stat(file.Stat())
	case "fchmod":
		return nil, file.Chmod(os.FileMode(a.int(1)))
	case "ftruncate":
		return nil, file.Truncate(int64(a.int(1)))
	case "fsync":
		return nil, file.Sync()
	case "write":
		if at, ok := a.position(1); ok {
			return file.WriteAt(body, at)
		}
		return file.Write(body)
	case "read":
		data := make([]byte, a.int(1))
		if at, ok := a.position(2); ok {
			n, err := file.ReadAt(data, at)
			return data[:n], err
		}
		n, err := file.Read(data)
		return data[:n], err
	}
	return nil, syscall.ENOSYS
}

func (f *files) add(file *os.File, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	number := f.next
	f.next++
	f.open[number] = file
	return number, nil
}

func stat(info os.FileInfo, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, syscall.ENOSYS
	}
	return map[string]any{
		"dev": s.Dev, "ino": s.Ino, "mode": s.Mode, "nlink": s.Nlink, "uid": s.Uid, "gid": s.Gid, "rdev": s.Rdev,
		"size": s.Size, "blksize": s.Blksize, "blocks": s.Blocks,
		"atimeMs": milliseconds(s.Atim), "mtimeMs": milliseconds(s.Mtim), "ctimeMs": milliseconds(s.Ctim),
		"directory": info.IsDir(),
	}, nil
}

func milliseconds(t syscall.Timespec) int64 { return t.Nano() / 1e6 }

func names(entries []os.DirEntry, err error) (any, error) {
	list := make([]string, 0, len(entries))
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list, err
}

// errnoName is what Node puts into an error's code.
func errnoName(err error) string {
	for errno, name := range map[syscall.Errno]string{
		syscall.EACCES:    "EACCES",
		syscall.EBADF:     "EBADF",
		syscall.EEXIST:    "EEXIST",
		syscall.EFBIG:     "EFBIG",
		syscall.EINVAL:    "EINVAL",
		syscall.EISDIR:    "EISDIR",
		syscall.ELOOP:     "ELOOP",
		syscall.EMFILE:    "EMFILE",
		syscall.ENOENT:    "ENOENT",
		syscall.ENOSPC:    "ENOSPC",
		syscall.ENOSYS:    "ENOSYS",
		syscall.ENOTDIR:   "ENOTDIR",
		syscall.ENOTEMPTY: "ENOTEMPTY",
		syscall.EPERM:     "EPERM",
		syscall.EROFS:     "EROFS",
		syscall.EXDEV:     "EXDEV",
	} {
		if errors.Is(err, errno) {
			return name
		}
	}
	return "EIO"
}
