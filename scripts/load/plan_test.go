package main

import (
	"reflect"
	"testing"
	"time"
)

func TestASeedMakesOnePlan(t *testing.T) {
	from, to := 10*time.Second, time.Hour
	a, b, c := makePlan(7, 3, from, to), makePlan(7, 3, from, to), makePlan(7, 4, from, to)
	if !reflect.DeepEqual(a, b) || reflect.DeepEqual(a, c) {
		t.Error("one seed and seat make two plans, or two seats one")
	}
	var count [deeds]int
	last := from
	for _, s := range a {
		if s.at < last || s.at >= to || s.away <= 0 || s.away >= 3*time.Second {
			t.Fatalf("%+v comes after %v, want in order, before %v, and back soon", s, last, to)
		}
		last = s.at
		count[s.deed]++
	}
	if n := len(a); n < 120 || n > 240 {
		t.Errorf("%d deeds in an hour, want about one every %v", n, deedEvery)
	}
	for d, n := range count {
		if n == 0 {
			t.Errorf("nobody ever does: %s", deedNames[d])
		}
	}
}
