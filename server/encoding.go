package main

import (
	"strconv"
	"strings"
)

// weights are the q values of an Accept-Encoding header, by coding in lower case.
type weights map[string]float64

// parseWeights reads Accept-Encoding (RFC 9110, section 12.5.3). A weight that
// is not a number from 0 to 1 counts as 0.
func parseWeights(headers []string) weights {
	accept := weights{}
	for item := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		coding, parameters, _ := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding == "x-gzip" { // RFC 9110, section 8.4.1.3
			coding = "gzip"
		}
		if coding != "" {
			accept[coding] = weight(parameters)
		}
	}
	return accept
}

func weight(parameters string) float64 {
	name, value, found := strings.Cut(parameters, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

// of returns the weight of a coding; "" is identity, which is acceptable
// unless excluded, but below everything that was asked for.
func (accept weights) of(coding string) float64 {
	const unasked = 0.0001 // a q has at most three digits
	if coding == "" {
		coding = "identity"
	}
	if q, ok := accept[coding]; ok {
		return q
	}
	if q, ok := accept["*"]; ok {
		return q
	}
	if coding == "identity" {
		return unasked
	}
	return 0
}
