package sim

import (
	"strconv"
	"time"

	"holdline/server/signal"
)

// post is what was handed to the server for somebody, and what came of it.
type post struct {
	page      *page // the sender
	from, to  string
	life      int64
	toLife    int64
	seqs      []int64 // under which the sender sent it
	delivered []int64 // under which the recipient had it
	restarts  int
	at        time.Duration // when the server had it first
}

func postKey(from, to string, e signal.Envelope) string {
	return from + " " + to + " " + strconv.FormatInt(e.Life, 10) + " " + strconv.FormatInt(e.ToLife, 10) + " " + string(e.Payload)
}

// posted notes a candidate that the server has from a page.
func (o *oracle) posted(p *page, e signal.Envelope) {
	i := o.of(p)
	if e.Type != signal.TypeCandidate || e.Seq == 0 || i == nil || len(e.Payload) < 30 {
		return
	}
	key := postKey(i.id, e.To, e)
	c := o.post[key]
	if c == nil {
		c = &post{page: p, from: i.id, to: e.To, life: e.Life, toLife: e.ToLife, restarts: o.restarts, at: o.world.clock.now}
		o.post[key] = c
		o.posts = append(o.posts, c)
	}
	c.seqs = appendNew(c.seqs, e.Seq)
}

// delivered notes one that a page has from the server.
func (o *oracle) delivered(p *page, e signal.Envelope) {
	if e.Type != signal.TypeCandidate || e.Seq == 0 || len(e.Payload) < 30 {
		return
	}
	if c := o.post[postKey(e.From, e.To, e)]; c != nil {
		c.delivered = appendNew(c.delivered, e.Seq)
		if len(c.delivered) > len(c.seqs) && o.restarts == c.restarts {
			o.world.failf("%s has %s of %s %d times, it was sent %d times", p, e.Payload, o.name(e.From), len(c.delivered), len(c.seqs))
		}
	}
}

func appendNew(all []int64, one int64) []int64 {
	for _, o := range all {
		if o == one {
			return all
		}
	}
	return append(all, one)
}

// mail: what the server took for somebody who is still there, that one has.
func (o *oracle) mail() {
	if o.restarts > 0 {
		return // it went with the server
	}
	for _, c := range o.posts {
		to := o.identity(c.to)
		from := o.identity(c.from)
		if to == nil || from == nil || to.page == nil || to.page.gone || from.page != c.page || c.page.gone || c.page.view.Life != c.life || to.page.session.Ended() || c.page.session.Ended() {
			continue
		}
		if len(c.delivered) == 0 && o.world.clock.now-c.at >= underWay && to.page.view.Life == c.toLife && to.ends == 0 && from.ends == 0 {
			o.world.failf("%s never had a candidate that the server took from %s", to.page, c.page)
		}
	}
}
