// Package sim is a deterministic world for sessions: pages with their
// drivers, browsers as they were measured, the real room behind sockets that
// stall and break, and people who leave, reload and crash, all on virtual
// time. One seed decides everything.
//
//	person ── machine ── tab ── page ── session.Session
//	             │               │ ├── socket ──── server ── room.Room
//	             │               │ └── connection ~~~ path ~~~ connection
//	             └─ network      └── goodbye stub
//
// An oracle that knows what was done to whom looks at every change: nobody is
// a ghost, nobody is declared dead who lives, all sides tell the same end,
// and the cause that they name is the one that it was.
package sim
