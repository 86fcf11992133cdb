package session

import "time"

// Policy is when to do what, as promises.
type Policy struct {
	// SignalingBeat is when to beat on the signaling lane: every 5 s. A page
	// cannot see WebSocket pings.
	SignalingBeat time.Duration `json:"signalingBeat"`
	// SignalingDead is when a silent signaling lane is given up: after 12 s.
	SignalingDead time.Duration `json:"signalingDead"`
	// SignalingConnect is when a socket that does not open is given up: after 5 s.
	SignalingConnect time.Duration `json:"signalingConnect"`
	// SignalingRetry is when to try again, by the number of tries so far;
	// the last one repeats. Each is longer or shorter by up to SignalingJitter of
	// itself: after the death of a server, whole rooms would come at once.
	SignalingRetry  []time.Duration `json:"signalingRetry"`
	SignalingJitter float64         `json:"signalingJitter"`
	// SignalingScout is when the scout of a call that goes on without its server
	// tries again at the latest: every 1 s. The others come when it says that the
	// server is back.
	SignalingScout time.Duration `json:"signalingScout"`

	// Beat is when to beat on a control channel: every 0.25 s; hidden pages
	// tick at 1 Hz.
	Beat       time.Duration `json:"beat"`
	BeatHidden time.Duration `json:"beatHidden"`
	// LookAfter is when beats are late enough to look at the statistics: 0.5 s.
	LookAfter time.Duration `json:"lookAfter"`
	// AnswerWithin is how soon a page whose signaling ended without a goodbye has
	// to answer a beat: 0.15 s and twice what the last answer took.
	AnswerWithin time.Duration `json:"answerWithin"`
	// InterruptedAfter is when a link on which nothing came is interrupted:
	// 1 s, and 2.5 s when either page is hidden. An ICE restart after 1 s of
	// silence repairs in 1.5 to 1.8 s, one on "disconnected" in 6.3 s.
	InterruptedAfter       time.Duration `json:"interruptedAfter"`
	InterruptedAfterHidden time.Duration `json:"interruptedAfterHidden"`
	// StatsEvery is when to sample statistics of a link that is well: 1 s.
	StatsEvery time.Duration `json:"statsEvery"`

	// OfferAfter is when the side that waits for an offer makes its own: 5 s.
	OfferAfter time.Duration `json:"offerAfter"`
	// OfferAgainAfter is when an offer without an answer is sent again: 5 s.
	OfferAgainAfter time.Duration `json:"offerAgainAfter"`
	// NegotiateWithin is when a first offer without an answer ends the link: 20 s
	// in which the remote could be reached.
	NegotiateWithin time.Duration `json:"negotiateWithin"`
	// ChecksAfter is how long an answer goes ahead of the checks that it leads to,
	// on a path that works, where the browser needs that: 500 ms.
	ChecksAfter time.Duration `json:"checksAfter"`
	// RestartApart is when an ICE restart may follow the newest agreement: after
	// 1 s.
	RestartApart time.Duration `json:"restartApart"`
	// ConnectWithin is when a first connection without a path ends: 40 s after
	// the remote description (RFC 8863 asks for 39.5 s) in which the remote could
	// be reached.
	ConnectWithin time.Duration `json:"connectWithin"`

	// VouchEvery is when to tell the server again, at the latest, that somebody who is away for
	// it is heard here: 5 s; its word counts for 10 s.
	VouchEvery time.Duration `json:"vouchEvery"`

	// RestartICEFor is how long an ICE restart may take: 1.5 s and ten round trips,
	// 3 s at most. In Chromium 156 and Firefox 153 one that helps has done so by
	// then; a path that is blocked is dead for it and alive for a new connection,
	// whose relay was not bound to the old pair (TestPathThatAFirewallBlocks).
	RestartICEFor     time.Duration `json:"restartICEFor"`
	RestartICEForMost time.Duration `json:"restartICEForMost"`
	// StalledAfter is when a link on which nothing came is better made anew than
	// restarted: 3 s, which the first restart had. HaltingFor is how long packets
	// that pass again may be all that comes: 3.5 s, a moment more than SCTP and a
	// picture wait at most.
	StalledAfter time.Duration `json:"stalledAfter"`
	HaltingFor   time.Duration `json:"haltingFor"`
	// NewConnectionFor and RelayOnlyFor are how long the next rungs may take;
	// RetryPathEvery is when to try again while waiting for a change.
	NewConnectionFor time.Duration `json:"newConnectionFor"`
	RelayOnlyFor     time.Duration `json:"relayOnlyFor"`
	RetryPathEvery   time.Duration `json:"retryPathEvery"`
	// YieldFor is how long the polite side of a rung leaves the offer to the
	// other: 0.3 s. Two offers that meet cost more than that.
	YieldFor time.Duration `json:"yieldFor"`
	// RecoverWithin is when the ladder ends: 40 s in all (RFC 8863).
	RecoverWithin time.Duration `json:"recoverWithin"`

	// UnansweredAfter is when a STUN server or a relay is judged silent: after
	// 3 s. Gathering itself ends only after 11 to 40 s.
	UnansweredAfter time.Duration `json:"unansweredAfter"`
	// RefreshWithin is how long a restart waits for fresh relay credentials where
	// its own are expired: 1 s. RefreshAgainAfter is when to ask again: 5 s.
	RefreshWithin     time.Duration `json:"refreshWithin"`
	RefreshAgainAfter time.Duration `json:"refreshAgainAfter"`

	// StayAfter is when a page that is still here after beforeunload says that
	// it stays: 1 s of running timers; a dialog stops them.
	StayAfter time.Duration `json:"stayAfter"`
	// ReturnWindow and ReturnWindowReload are how long a remote that said bye
	// may take to come back, while this page has no signaling of its own.
	ReturnWindow       time.Duration `json:"returnWindow"`
	ReturnWindowReload time.Duration `json:"returnWindowReload"`
	// GraceFrozen is the same for one that said that it is being frozen: 10 min.
	GraceFrozen time.Duration `json:"graceFrozen"`
	// SleptFor is how long after a jump of the clocks what breaks is put down
	// to the sleep: 30 s.
	SleptFor time.Duration `json:"sleptFor"`
	// ShowEndedFor is how long an ended participant's element stays: 10 s at
	// least by the page's contract.
	ShowEndedFor time.Duration `json:"showEndedFor"`

	// SaveEvery is how often the record is saved that tells when this browser
	// stopped: 1 min. Chromium 156 writes localStorage to disk 60 times an hour.
	SaveEvery time.Duration `json:"saveEvery"`
	// OfferBackFor is how long after that the lobby offers to go back in: 12 h.
	OfferBackFor time.Duration `json:"offerBackFor"`

	// JumpAfter is how far wall and monotonic clock may part: 2 s.
	JumpAfter time.Duration `json:"jumpAfter"`
}

// DefaultPolicy is what holds for every page.
func DefaultPolicy() Policy {
	return Policy{
		SignalingBeat:    5 * time.Second,
		SignalingDead:    12 * time.Second,
		SignalingConnect: 5 * time.Second,
		SignalingRetry:   []time.Duration{0, 300 * time.Millisecond, 1200 * time.Millisecond, 2700 * time.Millisecond, 4800 * time.Millisecond, 7 * time.Second},
		SignalingJitter:  0.2,
		SignalingScout:   time.Second,

		Beat:                   250 * time.Millisecond,
		BeatHidden:             time.Second,
		LookAfter:              500 * time.Millisecond,
		AnswerWithin:           150 * time.Millisecond,
		InterruptedAfter:       time.Second,
		InterruptedAfterHidden: 2500 * time.Millisecond,
		StatsEvery:             time.Second,

		OfferAfter:      5 * time.Second,
		OfferAgainAfter: 5 * time.Second,
		NegotiateWithin: 20 * time.Second,
		ChecksAfter:     500 * time.Millisecond,
		RestartApart:    time.Second,
		ConnectWithin:   40 * time.Second,

		VouchEvery:        5 * time.Second,
		RestartICEFor:     1500 * time.Millisecond,
		RestartICEForMost: 3 * time.Second,
		StalledAfter:      3 * time.Second,
		HaltingFor:        3500 * time.Millisecond,
		NewConnectionFor:  10 * time.Second,
		RelayOnlyFor:      6 * time.Second,
		RetryPathEvery:    7 * time.Second,
		YieldFor:          300 * time.Millisecond,
		RecoverWithin:     40 * time.Second,

		UnansweredAfter:   3 * time.Second,
		RefreshWithin:     time.Second,
		RefreshAgainAfter: 5 * time.Second,

		StayAfter:          time.Second,
		ReturnWindow:       10 * time.Second,
		ReturnWindowReload: 20 * time.Second,
		GraceFrozen:        10 * time.Minute,
		SleptFor:           30 * time.Second,
		ShowEndedFor:       15 * time.Second,

		SaveEvery:    time.Minute,
		OfferBackFor: 12 * time.Hour,

		JumpAfter: 2 * time.Second,
	}
}
