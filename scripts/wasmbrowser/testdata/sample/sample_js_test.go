package sample

import (
	"fmt"
	"os"
	"strings"
	"syscall/js"
	"testing"
	"time"
)

func TestPasses(t *testing.T) { t.Log(Covered()) }

func TestFails(t *testing.T) { t.Fatal("failed as it should") }

func TestPanics(t *testing.T) { panic("panicked as it should") }

func TestHangs(t *testing.T) { <-make(chan int) }

func TestNeverYields(t *testing.T) {
	fmt.Println("printed before the loop")
	for {
	}
}

func TestExits(t *testing.T) {
	fmt.Println("out 1")
	fmt.Fprintln(os.Stderr, "err 1")
	fmt.Println("out 2")
	println("err 2")
	os.Exit(7)
}

func TestThrows(t *testing.T) {
	js.Global().Call("setTimeout", js.Global().Call("eval", `() => { throw new TypeError("thrown as it should") }`), 0)
	time.Sleep(10 * time.Second)
}

func TestFiles(t *testing.T) {
	data, err := os.ReadFile("testdata/file.txt")
	if err != nil || string(data) != "read from a file" {
		t.Errorf("read testdata: %q, %v", data, err)
	}
	if _, err := os.ReadFile("testdata/none"); !os.IsNotExist(err) {
		t.Errorf("read a file that is missing: %v, want one that is os.IsNotExist", err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	want := strings.Repeat("\x00\xff\x80é", 1000)
	if err := os.WriteFile("name with space & %", []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(dir + "/name with space & %"); err != nil || string(data) != want {
		t.Errorf("read back %d bytes, %v, want %d", len(data), err, len(want))
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 1 {
		t.Errorf("read a folder: %v, %v, want one entry", entries, err)
	}
}

func TestCall(t *testing.T) {
	const call = `(async () => {
		const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
		const from = new RTCPeerConnection(), to = new RTCPeerConnection();
		from.onicecandidate = e => to.addIceCandidate(e.candidate);
		to.onicecandidate = e => from.addIceCandidate(e.candidate);
		for (const track of stream.getTracks()) from.addTrack(track, stream);
		await from.setLocalDescription();
		await to.setRemoteDescription(from.localDescription);
		await to.setLocalDescription();
		await from.setRemoteDescription(to.localDescription);
		const deadline = Date.now() + 10000;
		while (from.connectionState !== "connected" && Date.now() < deadline) await new Promise(f => setTimeout(f, 20));
		return from.connectionState;
	})()`
	state := make(chan string, 1)
	note := js.FuncOf(func(_ js.Value, args []js.Value) any {
		state <- js.Global().Get("String").Invoke(args[0]).String()
		return nil
	})
	defer note.Release()
	js.Global().Call("eval", call).Call("then", note, note)
	if got := <-state; got != "connected" {
		t.Errorf("the connection is %s, want connected", got)
	}
}
