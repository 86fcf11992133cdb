// Package nets builds networks for tests of what a network does to a page: real
// browsers and servers run in network namespaces of Linux, and between them lie
// NATs, firewalls, cables that can be pulled and lines that are slow. Nothing
// reaches the machine's own network, and all is gone with the test.
//
//	        203.0.113.0/24: Net.Public
//	───┬────────────┬────────────────┬───
//	 server     ana-router       ben-router    Router: a NAT, Cone or Symmetric
//	  Host          │                │
//	            ────┴──┬───      ────┴──┬───   Router.LAN, 192.168.101.0/24, …
//	                  ana              ben     Host
//
// A call of two persons at home, the way between whose routers a firewall
// blocks in the middle of it:
//
//	net := nets.New(t)
//	server := net.Public.Host("server")
//	anaHost, anaHome := net.Home("ana", nets.Cone)
//	benHost, benHome := net.Home("ben", nets.Symmetric)
//	program := server.Server(t, "./my-server", "--listen", server.Address().String()+":8080")
//	chromium, firefox := anaHost.Browser(t, kit.Chromium), benHost.Browser(t, kit.Firefox)
//	ana := chromium.NewProfile(t).NewPage(t, anaHost.Loopback(t, program.URL).URL)
//	ben := firefox.NewProfile(t).NewPage(t, benHost.Loopback(t, program.URL).URL)
//	…
//	blocked := anaHome.Line.Drop(nets.With(benHome.Line.Address))
//	ana.Until("the call goes over the relay", `…`)
//	blocked.Remove()
//
// Every cable is a Line, of a host or of a router's outer side, and does what
// networks do: Drop has a firewall drop a kind of Traffic, Count counts one,
// Cut and Mend take the carrier away and give it back, Shape delays, loses and
// throttles. A host with several ways out joins several networks
// (Host.Join(router.LAN, "wifi")), and takes the one that was joined first for
// as long as its line has a carrier. Net.LAN leads nowhere: no internet, no
// default route; with Drop(Multicast) not even mDNS names resolve.
//
// A page has a camera only in a secure context. Host.Loopback gives it one, by
// a proxy on the host's loopback that fetches over the host's network, so that
// the signaling dies with the network. An Authority signs certificates that
// browsers trust who are started with kit.WithAuthority, for HTTPS and for TURN
// over TLS. All hosts know each other by name (Host.Name), and no other names.
// Browsers show pages their own addresses, unless they are started with
// kit.WithHiddenAddresses.
//
// It needs root that may make namespaces, the kernel's TUN devices, the programs
// ip, nft and, where they are used, turnserver and certutil (scripts/setup net
// coturn). Need skips a test where any of these is missing, and fails it where the
// environment variable CI is set.
package nets
