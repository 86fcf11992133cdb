package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"testing"
)

// freePort is free over TCP and over UDP: the relay needs the same number of
// both, and another program may have one of them.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		free := freeOverUDP(port)
		l.Close()
		if free {
			return port
		}
	}
	t.Fatal("no port is free over TCP and UDP")
	return ""
}

func freeOverUDP(port string) bool {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:"+port)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// freePorts are some in a row, below those that systems give to clients.
func freePorts(t *testing.T, count int) string {
	t.Helper()
	for first := 20000 + os.Getpid()%5000; first < 30000; first += count {
		free := 0
		for port := first; port < first+count; port++ {
			if freeOverUDP(strconv.Itoa(port)) {
				free++
			}
		}
		if free == count {
			return fmt.Sprintf("%d-%d", first, first+count-1)
		}
	}
	t.Fatalf("no %d ports in a row are free", count)
	return ""
}
