package e2e

import "fmt"

// Leaving is something that ends a page, or does not after all, by name.
type Leaving struct {
	Name string
	Do   func(p *Page)
}

// These are what a person or a browser does to a page. Each returns at once:
// the command may never be answered by a page that is going.
var (
	// CloseTab closes the tab as its cross does, beforeunload included.
	CloseTab = Leaving{"tab closed", func(p *Page) { go p.Call("Page.close", M{}, nil) }}
	// Reload is the reload button.
	Reload = Leaving{"reload", func(p *Page) { go p.Call("Page.reload", M{}, nil) }}
	// ReloadByScript is location.reload().
	ReloadByScript = Leaving{"location.reload()", func(p *Page) { p.fire("location.reload()") }}
	// Back is the history's back button.
	Back = Leaving{"history back", func(p *Page) { p.back() }}
)

// FollowLink clicks a link to an address.
func FollowLink(url string) Leaving {
	return Leaving{"link to " + url, func(p *Page) {
		p.fire(fmt.Sprintf(`(() => { const a = document.createElement('a'); a.href = %q; document.body.append(a); a.click() })()`, url))
	}}
}

// TypeAddress goes to an address by the address bar.
func TypeAddress(url string) Leaving {
	return Leaving{"address bar to " + url, func(p *Page) {
		go p.Call("Page.navigate", M{"url": url, "transitionType": "typed"}, nil)
	}}
}

// fire runs a statement without waiting for what becomes of the page.
func (p *Page) fire(expression string) {
	go p.Call("Runtime.evaluate", M{"expression": expression, "userGesture": true}, nil)
}

func (p *Page) back() {
	p.t.Helper()
	var h struct {
		CurrentIndex int `json:"currentIndex"`
		Entries      []struct {
			ID int64 `json:"id"`
		} `json:"entries"`
	}
	p.Must("Page.getNavigationHistory", M{}, &h)
	if h.CurrentIndex == 0 {
		p.t.Fatal("history: there is nothing before this page")
	}
	go p.Call("Page.navigateToHistoryEntry", M{"entryId": h.Entries[h.CurrentIndex-1].ID}, nil)
}
