package kit

import (
	"context"
	"fmt"
	"time"
)

// control waits for the control with this role and accessible name, which
// assistive technology would find too.
func (p *Page) control(role, name string) string {
	p.t.Helper()
	deadline := time.Now().Add(statePatience)
	for {
		ctx, cancel := patience()
		found, err := p.find(ctx, role, name)
		cancel()
		if len(found) > 0 {
			return found[0]
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("no %s is named %q: %v\n%s", role, name, err, p.Description())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// on calls a function with the control as this, and returns what it gives.
func (p *Page) on(role, name, function string, args ...any) (result string) {
	p.t.Helper()
	handle := p.control(role, name)
	p.must(fmt.Sprintf("%s %q", role, name), func(ctx context.Context) (err error) {
		result, err = p.call(ctx, handle, function, args...)
		return err
	})
	return result
}

// Find waits until there is a control with this role and accessible name, as
// assistive technology would find it.
func (p *Page) Find(role, name string) {
	p.t.Helper()
	p.control(role, name)
}

// Has reports whether there is a control with this role, any where empty, and
// accessible name.
func (p *Page) Has(role, name string) bool {
	ctx, cancel := patience()
	defer cancel()
	found, err := p.find(ctx, role, name)
	return err == nil && len(found) > 0
}

// Press presses the button with this accessible name.
func (p *Page) Press(name string) {
	p.t.Helper()
	p.on("button", name, `function() { this.click() }`)
}

// Toggle clicks the checkbox with this accessible name once it is enabled.
func (p *Page) Toggle(name string) {
	p.t.Helper()
	p.on("checkbox", name, `async function() {
		while (this.disabled) await new Promise((again) => setTimeout(again, 20))
		this.click()
	}`)
}

// Fill replaces what is in the text field with this accessible name.
func (p *Page) Fill(name, text string) {
	p.t.Helper()
	p.on("textbox", name, `function() { this.focus(); this.select() }`)
	p.Type(text)
}

// Choose selects the option with this value in the list with this accessible
// name.
func (p *Page) Choose(name, value string) {
	p.t.Helper()
	p.on("combobox", name, `function(v) { this.value = v; this.dispatchEvent(new Event('change', { bubbles: true })) }`, value)
}

// Type types text into what has the focus.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.must("type", func(ctx context.Context) error { return p.typeText(ctx, text) })
}

// Key types one key: Tab, Enter, Space or Escape.
func (p *Page) Key(key string) {
	p.t.Helper()
	p.must("key "+key, func(ctx context.Context) error { return p.key(ctx, key) })
}

// HasFocus reports whether what has the focus has this accessible name.
func (p *Page) HasFocus(name string) bool {
	p.t.Helper()
	ctx, cancel := patience()
	defer cancel()
	found, err := p.find(ctx, "", name)
	if err != nil {
		p.t.Fatalf("find what is named %q: %v", name, err)
	}
	for _, handle := range found {
		got, err := p.call(ctx, handle, `function() { return String(document.activeElement === this) }`)
		if err == nil && got == "true" {
			return true
		}
	}
	return false
}

// Unnamed describes the elements of these roles that have no accessible name.
func (p *Page) Unnamed(roles ...string) (found []string) {
	p.t.Helper()
	for _, role := range roles {
		p.must("unnamed "+role, func(ctx context.Context) error {
			handles, err := p.find(ctx, role, "")
			for _, handle := range handles {
				html, err := p.call(ctx, handle, `function() { return this.outerHTML.slice(0, 120) }`)
				if err != nil {
					return err
				}
				found = append(found, role+" without a name: "+html)
			}
			return err
		})
	}
	return found
}
