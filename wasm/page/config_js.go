package page

import "syscall/js"

// Config is what the page's address asks for.
type Config struct {
	Room       string // "" on the start page, which has no session
	Name       string // name=, else what was typed last, else the word for a guest
	JoinNow    bool   // join=now: no lobby
	Microphone bool   // wanted: not with media=none
	Camera     bool   // wanted: not with media=none or media=audio
}

// Room is the room of the page's address.
func Room() string {
	return js.Global().Get("holdline").Get("shell").Get("config").Get("room").String()
}

// config reads the page's address, as boot.js has split it.
func (p *Page) config() Config {
	config := p.shell.Get("config")
	name := config.Get("name").String()
	media := config.Get("media").String()
	return Config{
		Room:       config.Get("room").String(),
		Name:       p.table.name(name),
		JoinNow:    config.Get("joinNow").Bool(),
		Microphone: media != "none",
		Camera:     media == "" || media == "video",
	}
}
