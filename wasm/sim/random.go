package sim

import "time"

// random is splitmix64: small, fast, and the same in every version of Go, so
// that a seed means the same history for ever.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// stream is one of the streams of a seed. Neighbouring seeds have nothing in
// common.
func stream(seed, n uint64) random {
	r := random(seed ^ 0x2545f4914f6cdd1d)
	r = random(r.next() ^ n*0xd6e8feb86659fd93)
	return random(r.next())
}

// below is a number from 0 to n-1.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// share is a number from 0 to 1.
func (r *random) share() float64 { return float64(r.next()>>11) / (1 << 53) }

func (r *random) chance(p float64) bool { return r.share() < p }

// between is a duration from a to b.
func (r *random) between(a, b time.Duration) time.Duration {
	if b <= a {
		return a
	}
	return a + time.Duration(r.next()%uint64(b-a+1))
}

// pick is one of the choices.
func pick[T any](r *random, choices ...T) T { return choices[r.below(len(choices))] }
