package main

import "net/url"

// subject is something that makes calls, and is measured.
type subject struct {
	name string
	ours bool
	// address is where a person is in a room; now says that it needs no Join.
	address func(w *world, room, name string, now bool) string
	// lobby is a condition: Join can be pressed, and leads into the room at once.
	lobby string
	// there is one: the page is in the room, and waits.
	there string
	// warm is one: whatever a later page finds in the cache has come.
	warm string
}

// camera is a condition: the page shows its own picture.
const camera = `[...document.querySelectorAll('video')].some((video) => video.videoWidth > 0)`

// holdline is our name in the raw file and in the table.
const holdline = "Holdline"

func subjects() []subject {
	plain := func(name string, more url.Values) subject {
		return subject{
			name: name,
			address: func(w *world, room, name string, now bool) string {
				return w.mine + "/?" + query(name, now, url.Values{"room": {room}}, more)
			},
			lobby: `!document.querySelector('#join').disabled && ` + camera,
			there: `document.documentElement.dataset.signaling === 'open' && ` + camera,
			warm:  camera,
		}
	}
	return []subject{
		{
			name: holdline, ours: true,
			address: func(w *world, room, name string, now bool) string {
				return w.ours + "/r/" + room + "?" + query(name, now, url.Values{"lang": {"en"}})
			},
			lobby: `document.documentElement.dataset.state === 'lobby' && holdline.version !== '' && ` + camera,
			there: `document.documentElement.dataset.state === 'waiting' && ` + camera,
			warm:  `holdline.version !== ''`,
		},
		plain("plain page", nil),
		plain("plain page that restarts", url.Values{"restart": {"1"}}),
	}
}

// query is that of an address.
func query(name string, now bool, more ...url.Values) string {
	all := url.Values{"name": {name}}
	if now {
		all.Set("join", "now")
	}
	for _, values := range more {
		for key, value := range values {
			all[key] = value
		}
	}
	return all.Encode()
}
