package signal

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func candidate(text string) Envelope {
	return Envelope{Type: TypeCandidate, From: "ana", To: "bo", Life: 1, Generation: 1, Negotiation: 1, Payload: json.RawMessage(text)}
}

func description(from, to string, life int64, generation, negotiation int) Envelope {
	return Envelope{Type: TypeDescription, From: from, To: to, Life: life, Generation: generation, Negotiation: negotiation, Payload: json.RawMessage(`{}`)}
}

func seqs(o Outbox) (list []int64) {
	for _, k := range o.Kept {
		list = append(list, k.Seq)
	}
	return list
}

// sound fails when the sizes are not what is kept.
func sound(t *testing.T, o Outbox) {
	t.Helper()
	bytes := 0
	for _, k := range o.Kept {
		bytes += len(k.Payload)
	}
	if bytes != o.Bytes {
		t.Errorf("Bytes = %d, want %d", o.Bytes, bytes)
	}
}

func TestAnOutboxCountsAndForgetsWhatIsAcknowledged(t *testing.T) {
	o := NewOutbox(10, 1000)
	for want := int64(1); want <= 4; want++ {
		if e := o.Put(candidate(`{}`)); e.Seq != want {
			t.Errorf("seq = %d, want %d", e.Seq, want)
		}
	}
	o.Ack(2)
	if got := seqs(o); !slices.Equal(got, []int64{3, 4}) {
		t.Errorf("after an ack of 2 = %v, want 3 and 4", got)
	}
	o.Ack(1)
	if got := seqs(o); !slices.Equal(got, []int64{3, 4}) {
		t.Errorf("after a late ack of 1 = %v, want 3 and 4", got)
	}
	o.Ack(9)
	if e := o.Put(candidate(`{}`)); e.Seq != 5 || len(o.Kept) != 1 {
		t.Errorf("after all were acknowledged: seq %d, %d kept; want 5 and 1", e.Seq, len(o.Kept))
	}
	sound(t, o)
}

func TestAFullOutboxDropsTheOldestCandidates(t *testing.T) {
	o := NewOutbox(3, 1000)
	o.Put(description("ana", "bo", 1, 1, 1))
	for range 4 {
		o.Put(candidate(`{}`))
	}
	if got := seqs(o); !slices.Equal(got, []int64{1, 4, 5}) {
		t.Errorf("over the count: %v, want the description and the newest two", got)
	}
	sound(t, o)

	o = NewOutbox(100, 100)
	long := `{"candidate":"` + strings.Repeat("x", 25) + `"}` // 41 bytes
	o.Put(description("ana", "bo", 1, 1, 1))
	for range 3 {
		o.Put(candidate(long))
	}
	if got := seqs(o); !slices.Equal(got, []int64{1, 3, 4}) {
		t.Errorf("over the bytes: %v, want the description and the newest two", got)
	}
	sound(t, o)
}

func TestADescriptionIsNeverDroppedForSpace(t *testing.T) {
	o := NewOutbox(2, 10)
	for _, from := range []string{"ana", "bo", "cy", "di"} {
		o.Put(description(from, "eva", 1, 1, 1))
	}
	o.Put(candidate(`{"candidate":"longer than the whole limit"}`))
	if got := seqs(o); !slices.Equal(got, []int64{1, 2, 3, 4}) {
		t.Errorf("kept %v, want all four descriptions and no candidate", got)
	}
}

func TestTheNewestDescriptionsOfAPairAreKept(t *testing.T) {
	toNextLife := description("ana", "bo", 1, 1, 2)
	toNextLife.ToLife = 2
	for _, tt := range []struct {
		name          string
		first, second Envelope
		kept          []int64
	}{
		{"a later one", description("ana", "bo", 1, 1, 1), description("ana", "bo", 1, 1, 2), []int64{1, 2}},
		{"for the recipient's next life", description("ana", "bo", 1, 1, 1), toNextLife, []int64{2}},
		{"of a higher generation", description("ana", "bo", 1, 1, 9), description("ana", "bo", 1, 2, 1), []int64{2}},
		{"of a newer life", description("ana", "bo", 1, 7, 9), description("ana", "bo", 2, 1, 1), []int64{2}},
		{"of a lower generation", description("ana", "bo", 1, 2, 1), description("ana", "bo", 1, 1, 9), []int64{1}},
		{"of an older life", description("ana", "bo", 2, 1, 1), description("ana", "bo", 1, 7, 1), []int64{1}},
		{"of another sender", description("ana", "bo", 1, 1, 1), description("cy", "bo", 1, 1, 1), []int64{1, 2}},
		{"for another recipient", description("ana", "bo", 1, 1, 1), description("ana", "cy", 1, 1, 1), []int64{1, 2}},
	} {
		o := NewOutbox(10, 1000)
		o.Put(tt.first)
		if e := o.Put(tt.second); e.Seq != 2 {
			t.Errorf("%s: seq = %d, want 2", tt.name, e.Seq)
		}
		if got := seqs(o); !slices.Equal(got, tt.kept) {
			t.Errorf("%s: kept %v, want %v", tt.name, got, tt.kept)
		}
		sound(t, o)
	}
}

// An answer and the offer that follows it go in order, with the candidates
// that came between: those are of the credentials of both.
func TestOfDescriptionsTheNewestTwoOfAConnectionAreKept(t *testing.T) {
	o := NewOutbox(10, 1000)
	o.Put(description("ana", "bo", 1, 1, 1))
	o.Put(description("ana", "bo", 1, 1, 2))
	o.Put(candidate("c"))
	o.Put(description("ana", "bo", 1, 1, 3))
	if got := seqs(o); !slices.Equal(got, []int64{2, 3, 4}) {
		t.Errorf("kept %v, want the newest two and the candidate between them", got)
	}
	o.Put(description("ana", "bo", 1, 2, 1))
	if got := seqs(o); !slices.Equal(got, []int64{3, 5}) {
		t.Errorf("kept %v, want nothing of the connection before but its candidate", got)
	}
	sound(t, o)
}

func TestForgetDropsWhatIsForAndFromAParticipant(t *testing.T) {
	o := NewOutbox(10, 1000)
	o.Put(description("ana", "bo", 1, 1, 1))
	o.Put(description("bo", "cy", 1, 1, 1))
	o.Put(description("cy", "ana", 1, 1, 1))
	o.Forget("bo")
	if got := seqs(o); !slices.Equal(got, []int64{3}) {
		t.Errorf("kept %v, want only what does not concern bo", got)
	}
	sound(t, o)
}
