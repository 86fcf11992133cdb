package signal

import (
	"slices"
	"testing"
)

func TestEveryCauseHasAMeaning(t *testing.T) {
	causes, nexts := Causes(), Nexts()
	if len(causes) != len(meanings) {
		t.Errorf("%d causes, %d meanings", len(causes), len(meanings))
	}
	layers := []Layer{LayerPage, LayerDevice, LayerSignaling, LayerSDP, LayerICE, LayerDTLS, LayerApp}
	doers := []By{ByPerson, ByBrowser, ByNetwork, ByServer}
	for _, c := range causes {
		m, ok := meanings[c]
		if !ok || !slices.Contains(layers, m.Layer) || !slices.Contains(doers, m.By) || !slices.Contains(nexts, m.Next) {
			t.Errorf("meaning of %s = %+v", c, m)
		}
		end := NewEnd("ana", c, "seen")
		if end.Subject != "ana" || end.Cause != c || end.Layer != m.Layer || end.By != m.By || end.Next != m.Next || len(end.Evidence) != 1 || end.Final {
			t.Errorf("NewEnd(%s) = %+v", c, end)
		}
	}
	noDuplicates(t, causes)
	noDuplicates(t, nexts)
}

func TestAnUnknownCauseMeansWhatUnknownMeans(t *testing.T) {
	end, unknown := NewEnd("ana", "made-up"), meanings[CauseUnknown]
	if end.Layer != unknown.Layer || end.By != unknown.By || end.Next != unknown.Next {
		t.Errorf("NewEnd of an unknown cause = %+v, want the meaning of %s", end, CauseUnknown)
	}
}

func noDuplicates[T comparable](t *testing.T, list []T) {
	t.Helper()
	for i, v := range list {
		if slices.Contains(list[:i], v) {
			t.Errorf("%v is listed twice", v)
		}
	}
}

func TestEveryCloseCodeIsOurOwnAndHasAKnownCause(t *testing.T) {
	var codes []CloseCode
	for _, c := range Closes {
		codes = append(codes, c.Code)
		if c.Code < 4000 || c.Code > 4099 {
			t.Errorf("%d is not within 4000 to 4099", c.Code)
		}
		if !slices.Contains(Causes(), c.Cause) {
			t.Errorf("%d has the unknown cause %q", c.Code, c.Cause)
		}
		if len(c.Reason) == 0 || len(c.Reason) > 123 { // RFC 6455, section 5.5
			t.Errorf("%d has a reason of %d bytes", c.Code, len(c.Reason))
		}
		if row, ok := CloseOf(int(c.Code)); !ok || row != c {
			t.Errorf("CloseOf(%d) = %+v, %v", c.Code, row, ok)
		}
	}
	noDuplicates(t, codes)
	for _, code := range []int{0, 1000, 1001, 1006, 3999, 4099} {
		if row, ok := CloseOf(code); ok {
			t.Errorf("CloseOf(%d) = %+v, want none", code, row)
		}
	}
}

func TestEveryIntentAmountsToACause(t *testing.T) {
	for intent, want := range map[Intent]Cause{
		IntentHangup: CauseHangup, IntentClose: CausePageClosed, IntentReload: CausePageReloaded, IntentNavigate: CausePageNavigated,
		IntentTraverse: CausePageNavigated, IntentUnload: CausePageNavigated, IntentFailed: CauseClientFailed,
		IntentUnknown: CausePageClosed, "": CausePageClosed,
	} {
		if got := intent.Cause(); got != want {
			t.Errorf("%q.Cause() = %s, want %s", intent, got, want)
		}
	}
}
