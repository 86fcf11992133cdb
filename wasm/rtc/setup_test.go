package rtc

import "testing"

func TestALaterAnswerKeepsTheRolesOfTheConnection(t *testing.T) {
	sdp := func(setup string) string {
		return "v=0\r\nm=audio 9 x\r\na=setup:" + setup + "\r\nm=video 9 x\r\na=setup:" + setup + "\r\na=mid:1\r\n"
	}
	for _, tt := range []struct {
		what, localType, local, remote, answer, want string
	}{
		{"the first answer", "", "", "", sdp("active"), sdp("active")},
		{"the remote had answered", "offer", sdp("actpass"), sdp("active"), sdp("active"), sdp("active")},
		{"the remote had answered, and changes", "offer", sdp("actpass"), sdp("active"), sdp("passive"), sdp("active")},
		{"the remote had offered, and answers active", "answer", sdp("active"), sdp("actpass"), sdp("active"), sdp("passive")},
		{"the remote had offered, we are passive", "answer", sdp("passive"), sdp("actpass"), sdp("passive"), sdp("active")},
		{"there is no a=setup before", "answer", "v=0\r\n", "v=0\r\n", sdp("active"), sdp("active")},
		{"there is none in the answer", "answer", sdp("active"), sdp("actpass"), "v=0\r\n", "v=0\r\n"},
	} {
		if got := keepSetup(tt.answer, tt.localType, tt.local, tt.remote); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
		}
	}
}
