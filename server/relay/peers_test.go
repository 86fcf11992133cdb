package relay

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestWhichAddressesAreRelayedTo(t *testing.T) {
	const (
		public    = "8.8.8.8 1.1.1.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 2606:4700::1111 2a00::1 ::ffff:8.8.8.8"
		lan       = "10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 fc00::1 fd12:3456::1 ::ffff:10.1.2.3"
		looped    = "127.0.0.1 127.8.9.10 ::1 ::ffff:127.0.0.1"
		linkLocal = "169.254.169.254 fe80::1"
		own       = "198.51.100.7 2001:db8::7 192.168.9.9"
		never     = "0.0.0.0 :: 224.0.0.251 239.1.1.1 ff02::fb 255.255.255.255 ::ffff:0.0.0.0"
		reserved  = "0.1.2.3 192.0.2.1 198.51.100.8 203.0.113.1 198.18.0.1 192.88.99.1 240.0.0.1 2001:db8::1 2001::1 2002:0a01:0203::1 " +
			"64:ff9b::a01:203 64:ff9b:1::1 100::1 fec0::1 ::127.0.0.1 4000::1"
	)
	list := func() ([]net.Addr, error) {
		return []net.Addr{&net.IPNet{IP: net.ParseIP("198.51.100.7"), Mask: net.CIDRMask(24, 32)}, &net.IPNet{IP: net.ParseIP("2001:db8::7"), Mask: net.CIDRMask(64, 128)}}, nil
	}
	for _, tt := range []struct {
		allow      string
		open, shut string
	}{
		{"", public, lan + " " + looped + " " + linkLocal + " " + own + " " + reserved + " " + never},
		{"private", public + " " + lan, looped + " " + linkLocal + " " + own + " " + reserved + " " + never},
		{"loopback", public + " " + looped, lan + " " + linkLocal + " " + own + " " + reserved + " " + never},
		{"link-local,own", public + " " + linkLocal + " " + own, lan + " " + looped + " " + reserved + " " + never},
		{" 192.0.2.0/24 , 10.1.0.0/16", "192.0.2.1 10.1.2.3", "10.2.0.1 192.168.3.1 127.0.0.1"},
		{"0.0.0.0/0,::/0", public + " " + lan + " " + looped + " " + linkLocal + " " + own + " " + reserved, never},
	} {
		allow, err := ParseAllow(tt.allow)
		if err != nil {
			t.Fatal(err)
		}
		p := newPeers(allow, []netip.Addr{netip.MustParseAddr("192.168.9.9")}, list, time.Now, nil)
		for want, addresses := range map[bool]string{true: tt.open, false: tt.shut} {
			for _, ip := range fields(addresses) {
				if got := p.open(ip.Unmap()); got != want {
					t.Errorf("allow %q: open(%v) = %v, want %v", tt.allow, ip, got, want)
				}
			}
		}
		for _, ip := range fields(own) { // for what is relayed at both ends
			if !p.permit(ip.AsSlice()) {
				t.Errorf("allow %q: the own address %v is not permitted", tt.allow, ip)
			}
		}
		if p.permit(nil) {
			t.Errorf("allow %q: no address is permitted", tt.allow)
		}
	}
}

func fields(list string) (all []netip.Addr) {
	for ip := range strings.FieldsSeq(list) {
		all = append(all, netip.MustParseAddr(ip))
	}
	return all
}

func TestWhatIsNoListOfAddressesIsRefused(t *testing.T) {
	for _, list := range []string{"public", "10.0.0.1", "10.0.0.0/33", "private;loopback"} {
		if a, err := ParseAllow(list); err == nil {
			t.Errorf("%q is %+v", list, a)
		}
	}
}

func TestAnAddressThatTheMachineGetsLaterIsItsOwn(t *testing.T) {
	now := time.Now()
	var mine []net.Addr
	p := newPeers(Allow{}, nil, func() ([]net.Addr, error) { return mine, nil }, func() time.Time { return now }, nil)
	ip := netip.MustParseAddr("8.8.8.8")
	if p.isOwn(ip) {
		t.Error("it is its own before it has it")
	}
	mine = []net.Addr{&net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(24, 32)}}
	now = now.Add(ownFor + 1)
	if !p.isOwn(ip) || p.open(ip) {
		t.Error("it is not its own now")
	}
}

func TestWhileTheAddressesOfTheMachineAreNotKnownNoneIsOpen(t *testing.T) {
	now, err := time.Now(), errors.New("the system refuses")
	told := 0
	var mine []net.Addr
	p := newPeers(Allow{}, nil, func() ([]net.Addr, error) { return mine, err }, func() time.Time { return now }, func(error) { told++ })
	other, own := netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("1.1.1.1")
	if p.open(other) || told != 1 {
		t.Errorf("open, told %d times", told)
	}
	p.allow.Own = true
	for ip, want := range map[string]bool{"8.8.8.8": true, "10.0.0.1": false, "169.254.169.254": false, "127.0.0.1": false, "100.64.0.1": false} {
		if got := p.open(netip.MustParseAddr(ip)); got != want {
			t.Errorf("where its own addresses are allowed %s is open: %v, want %v", ip, got, want)
		}
	}
	p.allow.Own = false
	now = now.Add(ownFor + 1)
	err, mine = nil, []net.Addr{&net.IPNet{IP: own.AsSlice(), Mask: net.CIDRMask(24, 32)}}
	if !p.open(other) || p.open(own) {
		t.Error("once they are known: not what they say")
	}
	now = now.Add(ownFor + 1)
	err, mine = errors.New("the system refuses again"), nil
	if !p.open(other) || p.open(own) || told != 2 {
		t.Errorf("once they were known: not what they said last, told %d times", told)
	}
}

func TestNoPacketWaitsWhileAnotherLooksForTheAddressesOfTheMachine(t *testing.T) {
	now := time.Now()
	looks, goOn := make(chan bool), make(chan bool)
	list := func() ([]net.Addr, error) { return nil, nil }
	p := newPeers(Allow{}, nil, func() ([]net.Addr, error) { return list() }, func() time.Time { return now }, nil)
	ip := netip.MustParseAddr("8.8.8.8")
	list = func() ([]net.Addr, error) {
		looks <- true
		<-goOn
		return []net.Addr{&net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(24, 32)}}, nil
	}
	now = now.Add(ownFor + 1)
	own := make(chan bool)
	go func() { own <- p.isOwn(ip) }()
	<-looks
	if p.isOwn(ip) {
		t.Error("it is its own before that is known")
	}
	close(goOn)
	if !<-own || !p.isOwn(ip) {
		t.Error("it is not its own once that is known")
	}
}

func TestRevocationsAreBoundedAndEndWithTheCredentials(t *testing.T) {
	var r revocations
	now := time.Unix(1000, 0)
	r.add(Revocation{"ana", 1010}, now)
	r.add(Revocation{"ana", 1020}, now)
	r.add(Revocation{"old", 999}, now)
	for _, tt := range []struct {
		id      string
		expires int64
		want    bool
	}{{"ana", 1020, true}, {"ana", 1, true}, {"ana", 1021, false}, {"bo", 1, false}, {"old", 1, false}} {
		if got := r.covers(tt.id, time.Unix(tt.expires, 0)); got != tt.want {
			t.Errorf("covers(%s, %d) = %v, want %v", tt.id, tt.expires, got, tt.want)
		}
	}
	for i := range 2 * maxRevoked {
		r.add(Revocation{strconv.Itoa(i), 2000}, now)
	}
	if len(r.until) > maxRevoked || len(r.order) > maxRevoked {
		t.Errorf("%d and %d are kept, want at most %d", len(r.until), len(r.order), maxRevoked)
	}
	r.add(Revocation{"last", 3000}, time.Unix(2001, 0))
	if len(r.until) != 1 || len(r.order) != 1 {
		t.Errorf("%d and %d are kept, want the last", len(r.until), len(r.order))
	}
}
