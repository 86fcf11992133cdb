// PeerJS's own server with its defaults, at HOST:PORT. Prints its URL.
import { PeerServer } from 'peer'

const [host, port] = process.argv[2].split(':')
PeerServer({ host, port: Number(port) }, (server) => console.log(`http://${host}:${server.address().port}`))
