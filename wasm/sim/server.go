package sim

import (
	"slices"
	"strconv"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
)

const roomName = "tea"

// server is the program around the room, as server/hall.go and
// server/socket.go are: sockets with their watchdogs, restarts, drains.
type server struct {
	world     *World
	policy    room.Policy
	key       []byte
	down      outages
	draining  bool
	started   time.Duration
	room      *room.Room
	sockets   []*socket // those that the room may write to
	conns     room.Conn
	timer     int // counts timers; only the newest is heard
	left      int // how many ends of this room the oracle has seen
	revisions int // and the sum of their revisions
	ends      map[string]int
	at        time.Duration // of the steps that turns counts
	turns     int
}

// The most that a socket may say: server/config.go.
const (
	maxRate  = 100
	maxBurst = 300
)

func (sv *server) now() time.Duration { return sv.world.clock.now - sv.started }

func (sv *server) serves() bool { return sv.down == 0 && !sv.draining }

// speaks says whether the room takes what comes on a socket for somebody's.
func (sv *server) speaks(c room.Conn) bool {
	return sv.room != nil && slices.ContainsFunc(sv.room.Seats(), func(s room.Seat) bool { return s.Conn == c })
}

// seats says whether the room has a place of that participant: a restarted one
// knows only those who came back or were reported.
func (sv *server) seats(participant string) bool {
	return sv.room != nil && slices.ContainsFunc(sv.room.Seats(), func(s room.Seat) bool { return s.Participant == participant })
}

// step gives the room one fact and carries out its orders.
func (sv *server) step(ev room.Event) {
	w := sv.world
	if sv.room == nil {
		first := int(epoch*1000 + w.clock.now.Microseconds())
		sv.room = room.New(roomName, sv.key, sv.policy, first)
		sv.left, sv.revisions, sv.ends = 0, 0, map[string]int{}
	}
	w.steps++
	if sv.at != w.clock.now {
		sv.at, sv.turns = w.clock.now, 0
	}
	if sv.turns++; sv.turns > 10_000 {
		w.failf("the room does not come to rest: %T", ev)
		return
	}
	for _, a := range sv.room.Step(sv.now(), ev) {
		switch a := a.(type) {
		case room.Send:
			if s := sv.socket(a.Conn); s != nil {
				s.write(a.Envelope)
			}
		case room.Issue:
			if s := sv.socket(a.Conn); s != nil {
				s.write(signal.Envelope{Type: signal.TypeICE, Ack: a.Ack, Payload: signal.Raw(sv.issue(a, s))})
			}
		case room.Revoke:
		case room.Close:
			if s := sv.socket(a.Conn); s != nil {
				if n := sv.room.People(); a.Code == signal.CloseRoomFull && n < sv.policy.MaxParticipants {
					w.failf("the room of %d is full for %s, and has %d places", n, s.page, sv.policy.MaxParticipants)
				}
				s.shut(a.Code)
			}
		default:
			w.failf("the world does not know the order %T of a room", a)
		}
	}
	if c, ok := ev.(room.Closed); ok {
		for i, s := range sv.sockets {
			if s.id == c.Conn {
				sv.sockets = append(sv.sockets[:i:i], sv.sockets[i+1:]...)
				break
			}
		}
	}
	sv.departures()
	sv.rearm()
	if sv.room.Empty(sv.now()) && len(sv.sockets) == 0 {
		sv.room = nil
	}
}

// issue is what the server gives out to find paths with: where there is a
// relay, credentials for it that are good for ten minutes.
func (sv *server) issue(a room.Issue, s *socket) signal.ICE {
	ice := signal.ICE{For: a.For, Servers: []signal.ICEServer{}}
	if a.For == "" {
		m := s.page.machine()
		ice.Address = "198.51." + strconv.Itoa(m.address) + "." + strconv.Itoa(m.index+1)
	}
	if sv.world.relay {
		ice.Lifetime = (10 * time.Minute).Milliseconds()
		ice.Servers = append(ice.Servers, signal.ICEServer{URLs: []string{"stun:relay.test", "turn:relay.test"}, Username: a.Participant, Credential: "c"})
	}
	return ice
}

// departures shows the oracle whom the room has ended just now, and what it
// has learnt of those who had left.
func (sv *server) departures() {
	n, sum := sv.room.Left(), sv.room.LeftRevisions()
	if n == sv.left && sum == sv.revisions {
		return
	}
	sv.left, sv.revisions = n, sum
	for i := range n {
		end := sv.room.LeftEnd(i)
		if sv.ends[end.Subject] != end.Revision {
			sv.ends[end.Subject] = end.Revision
			sv.world.oracle.departed(end)
		}
	}
}

func (sv *server) socket(c room.Conn) *socket {
	for _, s := range sv.sockets {
		if s.id == c {
			return s
		}
	}
	return nil
}

func (sv *server) rearm() {
	sv.timer++
	at, ok := sv.room.Deadline()
	if !ok {
		return
	}
	timer := sv.timer
	sv.world.at(max(at+sv.started, sv.world.clock.now), func() {
		if sv.timer == timer && sv.room != nil && sv.down == 0 {
			sv.step(room.Tick{})
		}
	})
}

// stop ends the server's process. With drain it says goaway first.
func (sv *server) stop(drain bool) {
	if sv.down++; sv.down > 1 {
		return
	}
	sv.world.oracle.restarted()
	if drain && sv.room != nil {
		sv.down = 0
		sv.step(room.Drain{})
		sv.down = 1
	}
	for _, s := range sv.world.sockets {
		if s.served {
			s.served = false
			s.toPage.send(func() { s.lost(1006, "") })
			s.toServer.sever()
		}
	}
	sv.world.sockets = sv.world.sockets[:0]
	sv.sockets, sv.room, sv.draining = nil, nil, false
	sv.timer++
}

// start lets it serve again: with its key where the state folder is kept.
func (sv *server) start(sameKey bool) {
	if sv.down--; sv.down > 0 {
		return
	}
	if !sameKey {
		sv.key = append([]byte(nil), sv.key...)
		sv.key[0]++
		sv.world.oracle.keyLost()
	}
	sv.started = sv.world.clock.now
}

// gone takes what a page left with its browser.
func (sv *server) gone(g signal.Gone) {
	if sv.down == 0 && sv.room != nil && room.ValidByeKey(sv.key, signal.Beacon{Room: g.Room, Participant: g.Participant, Life: g.Life, Key: g.Key}) {
		sv.step(room.Gone{Participant: g.Participant, Life: g.Life})
	}
}

// crashed takes a crash report.
func (sv *server) crashed(c room.Crashed) {
	if sv.down == 0 && sv.room != nil && sv.room.Knows(c.Page) {
		sv.step(c)
	}
}

// bye takes a beacon.
func (sv *server) bye(b signal.Beacon) {
	if sv.down == 0 && sv.room != nil && room.ValidByeKey(sv.key, b) {
		sv.step(room.Beacon{Beacon: b})
	}
}
