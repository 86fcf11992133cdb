package room

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

func TestWhoComesIsToldWhoIsThereInOrder(t *testing.T) {
	c := newConversation(t)
	c.expect(c.hello(1, "zoe", 1), "1 welcome zoe order 1")
	c.expect(c.hello(2, "bo", 1),
		"1 present bo life 1 present",
		"2 welcome bo order 2, zoe life 1 present")
	c.expect(c.hello(3, "ana", 1),
		"1 present ana life 1 present",
		"2 present ana life 1 present",
		"3 welcome ana order 3, zoe life 1 present, bo life 1 present")
}

func TestAHangUpIsFinalAtOnce(t *testing.T) {
	c := three(t)
	c.expect(c.goodbye(1, signal.TypeBye, 1, signal.IntentHangup),
		"2 left ana hangup #1 final",
		"3 left ana hangup #1 final",
		"1 close 4012")
	c.expect(c.closed(1))
	c.expect(c.hello(4, "di", 1),
		"2 present di life 1 present",
		"3 present di life 1 present",
		"4 welcome di order 4, bo life 1 present, cy life 1 present, left ana hangup #1 final")
}

func TestAPlaceIsHeldAsLongAsTheEvidenceAsksFor(t *testing.T) {
	for _, tt := range []struct {
		name  string
		go_   func(c *conversation) said
		away  string
		hold  time.Duration
		final string
	}{
		{"bye of intent close", func(c *conversation) said { return c.goodbye(1, signal.TypeBye, 2, signal.IntentClose) }, "page-closed", 10 * time.Second, "page-closed"},
		{"bye of unknown intent", func(c *conversation) said { return c.goodbye(1, signal.TypeBye, 2, signal.IntentUnknown) }, "page-closed", 10 * time.Second, "page-closed"},
		{"bye of intent navigate", func(c *conversation) said { return c.goodbye(1, signal.TypeBye, 2, signal.IntentNavigate) }, "page-navigated", 10 * time.Second, "page-navigated"},
		{"bye of intent reload", func(c *conversation) said { return c.goodbye(1, signal.TypeBye, 2, signal.IntentReload) }, "page-reloaded", 20 * time.Second, "page-closed"},
		{"bye of intent failed", func(c *conversation) said { return c.goodbye(1, signal.TypeBye, 2, signal.IntentFailed) }, "client-failed", 10 * time.Second, "client-failed"},
		{"beacon of intent reload", func(c *conversation) said { return c.beacon("ana", 1, 2, signal.IntentReload) }, "page-reloaded", 20 * time.Second, "page-closed"},
		{"end of stream", func(c *conversation) said { return c.closed(1) }, "page-vanished", 20 * time.Second, "page-vanished"},
		{"silence", func(c *conversation) said { return c.silent(1) }, "network-lost", 30 * time.Second, "network-lost"},
		{"too many messages", func(c *conversation) said {
			return c.step(Closed{Conn: 1, Ours: true, Code: int(signal.CloseTooMuch)})
		}, "too-much", 20 * time.Second, "too-much"},
		{"a page that does not read", func(c *conversation) said {
			return c.step(Closed{Conn: 1, Ours: true, Code: int(signal.CloseSlow)})
		}, "signaling-lost", 20 * time.Second, "page-vanished"},
		{"a page that pretends it was removed", func(c *conversation) said { return c.step(Closed{Conn: 1, Code: int(signal.CloseRemoved)}) }, "page-vanished", 20 * time.Second, "page-vanished"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := three(t)
			c.expect(tt.go_(c),
				"2 away ana life 1 away ana "+tt.away+" #1 "+tt.hold.String(),
				"3 away ana life 1 away ana "+tt.away+" #1 "+tt.hold.String())
			got := c.runsOut(tt.hold)
			got = slices.DeleteFunc(got, func(line string) bool { return line == "1 close 4012" }) // where the socket outlived the bye
			c.expect(got, "2 left ana "+tt.final+" #2 final", "3 left ana "+tt.final+" #2 final")
		})
	}
}

func TestTheCloseOfASocketAfterItsByeChangesNothing(t *testing.T) {
	c := three(t)
	c.goodbye(1, signal.TypeBye, 1, signal.IntentClose)
	c.expect(c.after(3 * time.Second))
	c.expect(c.closed(1))
	c.expect(c.runsOut(7*time.Second), "2 left ana page-closed #2 final", "3 left ana page-closed #2 final")
}

func TestAByeWhoseSocketStaysIsClosedWhenItsWindowEnds(t *testing.T) {
	c := three(t)
	c.goodbye(1, signal.TypeBye, 1, signal.IntentClose)
	c.expect(c.runsOut(10*time.Second), "2 left ana page-closed #2 final", "3 left ana page-closed #2 final", "1 close 4012")
}

func TestMayLeaveIsTakenBack(t *testing.T) {
	c := three(t)
	c.expect(c.goodbye(1, signal.TypeLeaving, 1, signal.IntentReload),
		"2 away ana life 1 leaving ana page-reloaded #1",
		"3 away ana life 1 leaving ana page-reloaded #1")
	if at, ok := c.r.Deadline(); ok {
		t.Errorf("a deadline at %v while the page may be asking; want none", at)
	}
	c.expect(c.after(time.Hour))
	c.expect(c.goodbye(1, signal.TypeStay, 2, ""), "2 present ana life 1 present", "3 present ana life 1 present")
}

func TestTheHighestCountWinsAndByeIsTerminal(t *testing.T) {
	c := three(t)
	c.expect(c.goodbye(1, signal.TypeStay, 2, ""), "2 present ana life 1 present", "3 present ana life 1 present")
	c.expect(c.goodbye(1, signal.TypeLeaving, 1, signal.IntentClose))
	c.expect(c.goodbye(1, signal.TypeLeaving, 2, signal.IntentClose))
	c.expect(c.goodbye(1, signal.TypeLeaving, 3, signal.IntentUnknown),
		"2 away ana life 1 leaving ana page-closed #1", "3 away ana life 1 leaving ana page-closed #1")
	c.expect(c.goodbye(1, signal.TypeLeaving, 4, signal.IntentNavigate), // it knows better now
		"2 away ana life 1 leaving ana page-navigated #2", "3 away ana life 1 leaving ana page-navigated #2")
	c.expect(c.goodbye(1, signal.TypeBye, 5, signal.IntentNavigate),
		"2 away ana life 1 away ana page-navigated #3 10s", "3 away ana life 1 away ana page-navigated #3 10s")
	c.expect(c.goodbye(1, signal.TypeStay, 6, ""))
	c.expect(c.goodbye(1, signal.TypeBye, 7, signal.IntentHangup))
	c.expect(c.beacon("ana", 1, 8, signal.IntentHangup))
	c.expect(c.hello(4, "ana", 1, c.with(1)), "4 close 4012")
}

func TestLeavingThenTheEndOfTheSocketIsAGoodbyeUntilMoreIsKnown(t *testing.T) {
	c := three(t)
	c.goodbye(1, signal.TypeLeaving, 1, signal.IntentUnknown)
	c.expect(c.step(Closed{Conn: 1, Code: 1006}), "2 away ana life 1 away ana page-closed #2 10s", "3 away ana life 1 away ana page-closed #2 10s")
	c.now += time.Second
	c.expect(c.beacon("ana", 1, 2, signal.IntentUnload), "2 away ana life 1 away ana page-navigated #3 10s", "3 away ana life 1 away ana page-navigated #3 10s")
	c.expect(c.runsOut(10*time.Second), "2 left ana page-navigated #4 final", "3 left ana page-navigated #4 final")
}

func TestABrowserThatClosesTheSocketOfALeavingPageNavigates(t *testing.T) {
	for intent, want := range map[signal.Intent]string{signal.IntentUnknown: "page-navigated", signal.IntentReload: "page-reloaded"} {
		c := three(t)
		c.goodbye(1, signal.TypeLeaving, 1, intent)
		if got := c.closed(1); !strings.Contains(got[0], "away ana "+want) {
			t.Errorf("leaving with intent %s: %q", intent, got)
		}
	}
	c := three(t)
	c.goodbye(1, signal.TypeLeaving, 1, signal.IntentUnknown)
	c.closed(1)
	c.expect(c.beacon("ana", 1, 2, signal.IntentClose), "2 away ana life 1 away ana page-closed #3 10s", "3 away ana life 1 away ana page-closed #3 10s")
}

func TestADownloadThatClosedTheSocketStaysOnANewOne(t *testing.T) {
	c := three(t)
	c.goodbye(1, signal.TypeLeaving, 1, signal.IntentNavigate)
	c.closed(1)
	c.expect(c.hello(4, "ana", 1, c.with(1)),
		"2 present ana life 1 present", "3 present ana life 1 present",
		"4 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")
	c.expect(c.goodbye(4, signal.TypeStay, 2, ""), "2 present ana life 1 present", "3 present ana life 1 present")
}

func TestSilenceWhileMaybeLeavingIsTheNetwork(t *testing.T) {
	c := three(t)
	c.goodbye(1, signal.TypeLeaving, 1, signal.IntentClose)
	c.expect(c.silent(1), "2 away ana life 1 away ana network-lost #2 30s", "3 away ana life 1 away ana network-lost #2 30s")
}

func TestABeaconOfThePastChangesNothing(t *testing.T) {
	c := three(t)
	c.expect(c.beacon("ana", 1, 1, signal.IntentReload),
		"2 away ana life 1 away ana page-reloaded #1 20s", "3 away ana life 1 away ana page-reloaded #1 20s")
	c.expect(c.beacon("ana", 1, 1, signal.IntentReload)) // replayed
	c.expect(c.closed(1))
	c.hello(4, "ana", 2, c.with(1))
	c.expect(c.beacon("ana", 1, 1, signal.IntentReload)) // late, of the life before
	c.expect(c.beacon("ana", 1, 99, signal.IntentHangup))
	c.expect(c.beacon("ana", 3, 1, signal.IntentHangup)) // of a life that nobody has
	c.expect(c.beacon("nobody", 1, 1, signal.IntentHangup))
	if p := c.r.find("ana"); p.state != signal.PresencePresent {
		t.Errorf("ana is %s, want present", p.state)
	}
}

func TestAReloadIsTheSameParticipantInItsNextLife(t *testing.T) {
	c := three(t)
	c.goodbye(1, signal.TypeBye, 1, signal.IntentReload)
	c.closed(1)
	c.expect(c.describe(2, "ana", 1, "for the old page"))
	c.now += 2 * time.Second
	c.expect(c.hello(4, "ana", 2, c.with(1)),
		"2 present ana life 2 present",
		"3 present ana life 2 present",
		"4 welcome ana order 1 resumed, bo life 1 present, cy life 1 present") // and no description
	c.expect(c.message(2, signal.Envelope{Type: signal.TypeDescription, To: "ana", Life: 1, ToLife: 1, Generation: 1, Negotiation: 1, Seq: 2, Payload: signal.Raw("late")}))
	c.expect(c.message(2, signal.Envelope{Type: signal.TypeDescription, To: "ana", Life: 1, ToLife: 2, Generation: 1, Negotiation: 1, Seq: 3, Payload: signal.Raw("new")}),
		`4 description from bo seq 1 "new"`)
	if at, ok := c.r.Deadline(); ok {
		t.Errorf("a deadline at %v, want none: everybody is there", at)
	}
}

func TestASecondReloadMayReplaceAPageThatSaidBye(t *testing.T) {
	c := three(t)
	c.goodbye(1, signal.TypeBye, 1, signal.IntentReload)
	c.expect(c.hello(4, "ana", 2, c.with(1)), // the old socket has not ended yet
		"1 close 4011",
		"2 present ana life 2 present", "3 present ana life 2 present",
		"4 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")
	c.expect(c.closed(1))
}

func TestWhatWasKeptIsSentAgainOnceAfterTheWelcome(t *testing.T) {
	c := three(t)
	c.expect(c.describe(2, "ana", 1, "heard"), `1 description from bo seq 1 "heard"`)
	c.beat(1, 1)
	c.expect(c.candidate(2, "ana", 2, "lost"), `1 candidate from bo seq 2 "lost"`)
	c.silent(1)
	c.expect(c.candidate(2, "ana", 3, "kept"))
	c.expect(c.describe(3, "ana", 1, "kept too"))
	c.expect(c.hello(4, "ana", 1, c.with(1), seqs(1, 1)),
		"2 present ana life 1 present", "3 present ana life 1 present",
		"4 welcome ana order 1 resumed, bo life 1 present, cy life 1 present",
		`4 candidate from bo seq 2 "lost"`,
		`4 candidate from bo seq 3 "kept"`,
		`4 description from cy seq 4 "kept too"`)
	c.beat(4, 4)
	c.closed(4)
	c.expect(c.hello(5, "ana", 1, c.with(4), seqs(1, 4)),
		"2 present ana life 1 present", "3 present ana life 1 present",
		"5 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")
}

func TestACopyFromThePageIsPassedOnOnce(t *testing.T) {
	c := three(t)
	c.expect(c.describe(1, "bo", 1, "one"), `2 description from ana seq 1 "one"`)
	c.closed(1)
	c.expect(c.hello(4, "ana", 1, c.with(1)), "2 present ana life 1 present", "3 present ana life 1 present",
		"4 welcome ana order 1 resumed ack 1, bo life 1 present, cy life 1 present")
	c.expect(c.describe(4, "bo", 1, "one"))
	c.expect(c.candidate(4, "bo", 2, "two"), `2 candidate from ana seq 2 "two"`)
	c.expect(c.beat(4, 0), "4 beat-back ack 2")
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	c := three(t)
	c.closed(1)
	c.describe(2, "ana", 1, "offer")
	for i := range int64(1000) {
		c.candidate(2, "ana", 2+i, strings.Repeat("x", 500))
	}
	p := c.r.find("ana")
	if n := len(p.outbox.Kept); n > signal.KeptMessages || p.outbox.Bytes > signal.KeptBytes || n < 200 {
		t.Errorf("%d messages and %d bytes are kept, want at most %d and %d", n, p.outbox.Bytes, signal.KeptMessages, signal.KeptBytes)
	}
	if first := p.outbox.Kept[0]; first.Type != signal.TypeDescription {
		t.Errorf("the first that is kept is a %s, want the description", first.Type)
	}
}

func TestADescriptionOfEachOfManyLivesIsNotKept(t *testing.T) {
	c := three(t)
	c.closed(1)
	conn := Conn(2)
	for life := int64(2); life < 50; life++ {
		c.describe(conn, "ana", 1, "offer")
		c.hello(conn+10, "bo", life, c.with(conn), locked)
		conn += 10
	}
	if n := len(c.r.find("ana").outbox.Kept); n != 1 {
		t.Errorf("%d descriptions of one sender are kept, want 1", n)
	}
}

func TestANewerSocketOfTheSamePageDisplacesTheOlder(t *testing.T) {
	c := three(t)
	c.expect(c.hello(4, "ana", 1, c.with(1)),
		"1 close 4011",
		"2 present ana life 1 present", "3 present ana life 1 present",
		"4 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")
	c.expect(c.closed(1)) // nobody is away
	c.expect(c.describe(1, "bo", 1, "from the old socket"), "1 error not-joined type")
	c.expect(c.beat(4, 0), "4 beat-back ack 0")
}

func TestADuplicatedTabIsRefusedUnlessItHoldsTheLock(t *testing.T) {
	c := three(t)
	c.expect(c.hello(4, "ana", 2, c.with(1)), "4 close 4001")
	c.expect(c.closed(4))
	c.expect(c.beat(1, 0), "1 beat-back ack 0")
	c.expect(c.hello(5, "ana", 2, c.with(1), locked),
		"1 close 4011",
		"2 present ana life 2 present", "3 present ana life 2 present",
		"5 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")
}

// A link was clicked while the network was gone, so nobody heard the goodbye,
// and the old socket is still open here when the page comes back.
func TestAPageFromTheBfcacheIsNoCopyOfItself(t *testing.T) {
	c := three(t)
	c.hello(4, "ana", 1, c.with(1), nonce("hers"), locked)
	c.expect(c.hello(5, "ana", 2, c.with(1), nonce("another")), "5 close 4001")
	c.expect(c.hello(6, "ana", 2, c.with(1), nonce("hers")),
		"4 close 4011",
		"2 present ana life 2 present", "3 present ana life 2 present",
		"6 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")
}

func nonce(n string) func(*Hello) { return func(h *Hello) { h.Hello.Nonce = n } }

func TestOfTwoPagesThatComeToOneLifeTheFirstLivesIt(t *testing.T) {
	c := three(t)
	c.closed(1)
	c.hello(4, "ana", 2, c.with(1), nonce("first"))
	c.expect(c.hello(5, "ana", 2, c.with(1), nonce("second")), "5 close 4001")
	c.closed(5)
	c.closed(4) // away, but it is its life
	c.expect(c.hello(6, "ana", 2, c.with(1), nonce("second")), "6 close 4001")
	back := []string{"2 present ana life 2 present", "3 present ana life 2 present"}
	c.expect(c.hello(7, "ana", 2, c.with(1), nonce("first")), append(back, "7 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")...)
	// The Web Lock says that there is no other page.
	c.expect(c.hello(8, "ana", 2, c.with(7), nonce("third"), locked), append([]string{"7 close 4011"},
		append(back, "8 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")...)...)
}

func TestNobodyIsGivenUpWhileNobodyIsThereToVouch(t *testing.T) {
	hears := func(id string) func(*Hello) {
		return func(h *Hello) {
			h.Hello.Roster = []signal.Presence{{Participant: id, Name: id, Life: 1, Order: 2, State: signal.PresencePresent, Heard: true}}
		}
	}
	c := three(t)
	c.closed(1)
	c.closed(2)
	c.closed(3)
	if at, ok := c.r.Deadline(); !ok || at != c.now+20*time.Second+10*time.Minute {
		t.Errorf("deadline = %v, %v; want in 10 min 20 s", at, ok)
	}
	c.expect(c.after(5 * time.Minute))
	// Ana is back and hears Bo; Cy's place has run out.
	got := c.hello(4, "ana", 1, c.with(1), hears("bo"))
	c.expect(got, "4 left cy page-vanished #2 final",
		"4 welcome ana order 1 resumed, bo life 1 away bo page-vanished #1 10s, left cy page-vanished #2 final")
	c.expect(c.after(9 * time.Second))
	c.expect(c.hello(5, "bo", 1, c.with(2)), "4 present bo life 1 present", "5 welcome bo order 2 resumed, ana life 1 present, left cy page-vanished #2 final")
}

func TestANewcomerFindsNobodyWhosePlaceHasRunOut(t *testing.T) {
	c := three(t)
	c.closed(1)
	c.closed(2)
	c.goodbye(3, signal.TypeBye, 1, signal.IntentClose)
	c.closed(3)
	c.after(10 * time.Second) // a goodbye needs no witness
	c.expect(c.after(time.Minute))
	c.expect(c.hello(4, "dia", 1), "4 left ana page-vanished #2 final", "4 left bo page-vanished #2 final",
		"4 welcome dia order 4, left cy page-closed #2 final, left ana page-vanished #2 final, left bo page-vanished #2 final")
}

func TestAnEmptyRoomIsForgottenInTheEnd(t *testing.T) {
	c := newConversation(t)
	c.hello(1, "ana", 1)
	c.closed(1)
	for range 3 {
		if at, ok := c.r.Deadline(); ok {
			c.now = at
			c.step(Tick{})
		}
	}
	if !c.r.Empty(c.now) {
		t.Error("the room is kept for ever")
	}
}

func TestWhatAPageFindsOutLaterReplacesNoDecisionOfTheServer(t *testing.T) {
	after := func(a signal.After) func(*Hello) { return func(h *Hello) { h.Hello.After = a } }
	for _, tt := range []struct {
		code signal.CloseCode
		want string
	}{
		{signal.CloseBadHello, "former ana not-allowed #2 final"},
		{signal.CloseTooMuch, "former ana too-much #2 final"},
	} {
		c := three(t)
		c.step(Closed{Conn: 1, Code: int(tt.code), Ours: true})
		c.after(20 * time.Second)
		got := c.hello(4, "ana2", 2, c.with(1), after(signal.AfterCrash))
		if !strings.Contains(strings.Join(got, "\n"), tt.want) {
			t.Errorf("%d: %q, want %s", tt.code, got, tt.want)
		}
	}
}

func TestAnOlderLifeIsRefused(t *testing.T) {
	c := three(t)
	c.closed(1)
	c.hello(4, "ana", 5, c.with(1))
	c.closed(4)
	c.expect(c.hello(5, "ana", 4, c.with(4)), "5 close 4001")
}

func TestATokenIsGoodUntilItsSuccessorIsAcknowledged(t *testing.T) {
	c := three(t)
	first := c.with(1)
	c.closed(1)
	welcome := []string{"2 present ana life 1 present", "3 present ana life 1 present"}
	c.expect(c.hello(4, "ana", 1, first), append(welcome, "4 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")...)
	c.closed(4) // the welcome was lost
	c.expect(c.hello(5, "ana", 1, first), append(welcome, "5 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")...)
	c.goodbye(5, signal.TypeStay, 1, "") // the stub says these, perhaps before the welcome
	c.closed(5)
	c.expect(c.hello(6, "ana", 1, first), append(welcome, "6 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")...)
	c.beat(6, 0) // now it has its successor
	c.closed(6)
	c.expect(c.hello(7, "ana", 1, first), "7 close 4001")
	c.expect(c.hello(8, "ana", 1, c.with(6)), append(welcome, "8 welcome ana order 1 resumed, bo life 1 present, cy life 1 present")...)
}

func TestATokenThatIsNotOursMakesANewcomer(t *testing.T) {
	good := token{Room: "blue", Participant: "ana", Order: 1, Serial: 1}
	signed := good.sign(testKey)
	elsewhere := good
	elsewhere.Room = "red"
	head, tail, _ := strings.Cut(signed, ".")
	for name, forged := range map[string]string{
		"another key":       good.sign([]byte("another key")),
		"another room":      elsewhere.sign(testKey),
		"no signature":      head + ".",
		"no body":           "." + tail,
		"a changed body":    encoding.EncodeToString([]byte(`{"r":"blue","p":"bo","o":1,"s":9}`)) + "." + tail,
		"not base64":        "!." + tail,
		"no dot":            head,
		"a bye key":         ByeKey(testKey, "blue", "ana", 1),
		"a signed non-JSON": encoding.EncodeToString([]byte("x")) + "." + encoding.EncodeToString(mac(testKey, "token", "x")),
	} {
		c := newConversation(t)
		c.hello(1, "ana", 1)
		got := c.hello(2, "eve", 1, func(h *Hello) { h.Hello.Token = forged })
		if want := "2 welcome eve order 2, ana life 1 present"; len(got) != 2 || got[1] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got, ok := readToken(testKey, signed); !ok || got != good {
		t.Errorf("readToken of our own = %+v, %v", got, ok)
	}
}

func TestAByeKeyIsGoodForOneLifeOfOneParticipantInOneRoom(t *testing.T) {
	good := signal.Beacon{Room: "blue", Participant: "ana", Life: 3, Key: ByeKey(testKey, "blue", "ana", 3)}
	if !ValidByeKey(testKey, good) {
		t.Error("our own key is refused")
	}
	for name, change := range map[string]func(*signal.Beacon){
		"room":        func(b *signal.Beacon) { b.Room = "red" },
		"participant": func(b *signal.Beacon) { b.Participant = "bo" },
		"life":        func(b *signal.Beacon) { b.Life = 4 },
		"key":         func(b *signal.Beacon) { b.Key = b.Key[1:] },
		"no key":      func(b *signal.Beacon) { b.Key = "" },
		"server":      func(b *signal.Beacon) { b.Key = ByeKey([]byte("another"), "blue", "ana", 3) },
	} {
		b := good
		change(&b)
		if ValidByeKey(testKey, b) {
			t.Errorf("a key for another %s is taken", name)
		}
	}
}

func TestTheWelcomeCarriesTheByeKeyOfItsLife(t *testing.T) {
	c := newConversation(t)
	c.hello(1, "ana", 7)
	if got := c.welcomes[1].ByeKey; got != ByeKey(testKey, "blue", "ana", 7) {
		t.Errorf("bye key = %q, want that of ana's life 7", got)
	}
}

func TestARestartedServerGivesPlacesAndOrderBack(t *testing.T) {
	c := three(t)
	c.describe(2, "ana", 1, "heard before")
	c.r = New("blue", testKey, DefaultPolicy(), 1000)
	c.expect(c.hello(10, "di", 1), "10 welcome di order 1000")
	c.expect(c.hello(11, "bo", 1, c.with(2), seqs(2, 0)),
		"10 present bo life 1 present",
		"11 welcome bo order 2 resumed ack 1, di life 1 present")
	c.expect(c.hello(12, "ana", 1, c.with(1), seqs(1, 1)),
		"11 present ana life 1 present", "10 present ana life 1 present",
		"12 welcome ana order 1 resumed, bo life 1 present, di life 1 present")
	c.expect(c.candidate(11, "ana", 2, "after"), `12 candidate from bo seq 2 "after"`) // and the count goes on
	c.expect(c.candidate(11, "ana", 1, "a copy from before"))
	c.expect(c.hello(13, "eva", 1),
		"12 present eva life 1 present", "11 present eva life 1 present", "10 present eva life 1 present",
		"13 welcome eva order 1001, ana life 1 present, bo life 1 present, di life 1 present")
}

func TestWhatIsForNobodyIsRefusedAndNobodyElseNotices(t *testing.T) {
	c := three(t)
	c.expect(c.describe(1, "nobody", 1, "x"), "1 error unknown-peer to")
	c.expect(c.describe(1, "ana", 2, "x"), "1 error unknown-peer to")
	c.expect(c.hello(1, "ana", 1), "1 error second-hello type")
	c.expect(c.message(1, signal.Envelope{Type: signal.TypeHello, Life: 1, Payload: signal.Raw(struct{}{})}), "1 error second-hello type")
	for _, typ := range []signal.Type{signal.TypeWelcome, signal.TypePresent, signal.TypeAway, signal.TypeLeft, signal.TypeGoaway, signal.TypeError, signal.TypeMedia, signal.TypeLane, signal.TypeChat} {
		c.expect(c.message(1, signal.Envelope{Type: typ, Payload: signal.Raw(struct{}{})}), "1 error bad-field type")
	}
	c.expect(c.goodbye(1, signal.TypeBye, 0, signal.IntentClose), "1 error bad-field count")
	c.expect(c.describe(9, "ana", 1, "x"), "9 error not-joined type")
	c.expect(c.beat(9, 0), "9 error not-joined type")
	c.expect(c.message(1, signal.Envelope{Type: signal.TypeBeatBack}))
	c.expect(c.message(1, signal.Envelope{Type: signal.TypeDescription, To: "bo", Life: 9, Generation: 1, Negotiation: 1, Seq: 3}))
	c.expect(c.message(1, signal.Envelope{Type: signal.TypeDescription, From: "cy", To: "bo", Life: 1, Generation: 1, Negotiation: 1, Seq: 4, Payload: signal.Raw("x")}),
		`2 description from ana seq 1 "x"`)
}

func TestAFullRoomCountsHeldPlaces(t *testing.T) {
	c := newConversation(t)
	c.r.policy.MaxParticipants = 2
	c.hello(1, "ana", 1)
	c.hello(2, "bo", 1)
	c.expect(c.hello(3, "cy", 1), "3 close 4002")
	c.closed(2)
	c.expect(c.hello(4, "cy", 1), "4 close 4002")
	c.expect(c.hello(5, "bo", 2, c.with(2)), "1 present bo life 2 present", "5 welcome bo order 2 resumed, ana life 1 present")
	c.closed(5)
	c.after(20 * time.Second)
	c.expect(c.hello(6, "cy", 1), "1 present cy life 1 present", "6 welcome cy order 3, ana life 1 present, left bo page-vanished #3 final")
}

func TestWhoComesTooLateIsToldWhatTheOthersWereTold(t *testing.T) {
	c := three(t)
	c.closed(1)
	c.after(20 * time.Second)
	c.expect(c.hello(4, "ana2", 2, c.with(1)),
		"2 present ana2 life 2 present", "3 present ana2 life 2 present",
		"4 welcome ana2 order 4, bo life 1 present, cy life 1 present, former ana page-vanished #2 final, left ana page-vanished #2 final")
}

func TestARoomRemembersTheLastWhoLeftForAWhile(t *testing.T) {
	c := newConversation(t)
	c.hello(1, "ana", 1)
	c.goodbye(1, signal.TypeBye, 1, signal.IntentHangup)
	if c.r.Empty(c.now) || c.r.People() != 0 {
		t.Error("a room that may yet be asked is empty")
	}
	at, ok := c.r.Deadline()
	if !ok || at != c.now+10*time.Minute {
		t.Errorf("deadline = %v, %v; want in 10 min", at, ok)
	}
	c.now = at - 1
	if c.r.Empty(c.now) {
		t.Error("a room is empty before its deadline")
	}
	c.expect(c.after(1))
	if _, ok := c.r.Deadline(); ok || !c.r.Empty(c.now) {
		t.Error("a room remembers after its deadline")
	}
	for i := range Conn(maxLeft + 10) {
		c.hello(100+i, "ana"+string(rune('a'+i%26))+string(rune('a'+i/26)), 1)
		c.goodbye(100+i, signal.TypeBye, 1, signal.IntentHangup)
	}
	if n := len(c.r.left); n != maxLeft {
		t.Errorf("%d ends are remembered, want %d", n, maxLeft)
	}
}

func TestADrainSendsEverybodyAwayAndHoldsTheirPlaces(t *testing.T) {
	c := three(t)
	c.closed(3)
	c.expect(c.step(Drain{}),
		`1 goaway {"return":1000}`, "1 close 4010",
		`2 goaway {"return":1000}`, "2 close 4010")
	c.expect(c.closed(1))
	c.expect(c.hello(4, "ana", 1, c.with(1)),
		"4 welcome ana order 1 resumed, bo life 1 away bo server-shutdown #1 20s, cy life 1 away cy page-vanished #1 20s")
}

func TestADrainOfManySendsThemAwayForLonger(t *testing.T) {
	c := newConversation(t)
	c.hello(1, "ana", 1)
	c.expect(c.step(Drain{Return: 2500 * time.Millisecond}), `1 goaway {"return":2500}`, "1 close 4010")
	c.hello(2, "bo", 1)
	c.expect(c.step(Drain{Return: 999 * time.Millisecond}), `2 goaway {"return":1000}`, "2 close 4010")
}

func TestThePolicysRatiosSurviveScaling(t *testing.T) {
	p, scaled := DefaultPolicy(), DefaultPolicy().Scale(0.01)
	for name, d := range map[string][2]time.Duration{
		"ReturnWindow": {p.ReturnWindow, scaled.ReturnWindow}, "ReturnWindowReload": {p.ReturnWindowReload, scaled.ReturnWindowReload},
		"GraceClosed": {p.GraceClosed, scaled.GraceClosed}, "GraceSilent": {p.GraceSilent, scaled.GraceSilent},
		"KeepLeft": {p.KeepLeft, scaled.KeepLeft}, "GoawayReturn": {p.GoawayReturn, scaled.GoawayReturn},
		"PingEvery": {p.PingEvery, scaled.PingEvery}, "DeadAfter": {p.DeadAfter, scaled.DeadAfter},
	} {
		if d[0] == 0 || d[1] != d[0]/100 {
			t.Errorf("%s: %v scaled by 0.01 = %v", name, d[0], d[1])
		}
	}
}

func TestTheLastRowIsUnknown(t *testing.T) {
	if end := Diagnose(Evidence{Participant: "ana"}); end.Cause != signal.CauseUnknown {
		t.Errorf("Diagnose of nothing = %s, want %s", end.Cause, signal.CauseUnknown)
	}
	if end := Diagnose(Evidence{Participant: "ana", Closed: true, Ours: true, Code: 1}); end.Cause != signal.CauseUnknown {
		t.Errorf("Diagnose of an unknown code of ours = %s, want %s", end.Cause, signal.CauseUnknown)
	}
	end := Diagnose(Evidence{Participant: "ana", Said: signal.TypeBye, Intent: signal.IntentNavigate, Target: "/check"})
	if end.Target != "/check" {
		t.Errorf("target = %q, want /check", end.Target)
	}
	if end := Diagnose(Evidence{Participant: "ana", Said: signal.TypeBye, Intent: signal.IntentClose, Target: "/check"}); end.Target != "" {
		t.Errorf("target of a close = %q, want none", end.Target)
	}
}
