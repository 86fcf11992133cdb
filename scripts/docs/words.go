package main

import "holdline/server/signal"

// words say one thing in both languages. What the page says is not here but
// in static/text.json.
type words struct{ en, zh string }

var (
	wordTitle      = words{"Why it ended", "结束的原因"}
	wordLead       = words{"Every end of a session carries one of these causes, with the layer that broke, who is behind it, and what to do next.", "每次通话结束都带有以下原因之一，并说明哪个环节出了问题、来自谁，以及接下来该怎么做。"}
	wordCause      = words{"Cause", "原因"}
	wordOthers     = words{"What the others read", "其他人看到的"}
	wordSelf       = words{"What it says on one’s own page", "自己页面上看到的"}
	wordNext       = words{"What to do next", "接下来怎么做"}
	wordKnown      = words{"How it is known", "如何得知"}
	wordOr         = words{"; or ", "；或"}
	wordRows       = words{"How it is decided", "如何判定"}
	wordRowsLead   = words{"Of each table the first row that holds wins. What no row explains is `unknown`, and counted.", "每张表中，第一条成立的规则生效。没有规则能解释的记为 `unknown`，并计数。"}
	wordWho        = words{"Who decides", "由谁判定"}
	wordCondition  = words{"When", "条件"}
	wordSource     = words{"Source", "依据"}
	wordPage       = words{"the page", "页面"}
	wordCode       = words{"the code", "代码"}
	wordRoom       = words{"the room", "房间"}
	wordFindings   = words{"What was found", "查明的情况"}
	wordFindMore   = words{"`ice-failed` and `path-blocked` carry a finding, on each side its own: the first row that the page’s evidence bears out.", "`ice-failed` 和 `path-blocked` 带有一项查明的情况，双方各按自己的证据判定：第一条成立的规则生效。"}
	wordFinding    = words{"Finding", "情况"}
	wordSays       = words{"What it says", "页面上看到的"}
	wordLadder     = words{"The ladder", "恢复阶梯"}
	wordRung       = words{"Rung", "级"}
	wordWhat       = words{"What", "内容"}
	wordTime       = words{"Time", "时间"}
	wordHiddenPage = words{"; hidden: ", "；页面隐藏时 "}
	wordRung0      = words{"nothing came for so long, or connectionState is disconnected: interrupted", "这么久没有收到任何数据，或 connectionState 变为 disconnected：中断"}
	wordRung1      = words{"ICE restart on the same connection", "在同一连接上重启 ICE"}
	wordRoundTrips = words{" and ten round trips, at most ", " 加十个往返时间，最多 "}
	wordRung2      = words{"a new connection; the old one stays until it works. It is the first rung on another network, and where nothing came for ", "建立新连接；新连接可用之前保留旧连接。换了网络，或没有收到任何数据已有以下时间时，直接从这一级开始："}
	wordRung3      = words{"ICE restart over the relay only, where there is one", "仅经中继重启 ICE（如有中继）"}
	wordRung4      = words{"wait for a change; an ICE restart each", "等待变化；每隔这么久重启一次 ICE"}
	wordRung5      = words{"the end, from the start of the ladder: `path-blocked` if signaling sees both, else `network-lost`", "从阶梯开始算起的终点：双方都能连到服务器则为 `path-blocked`，否则为 `network-lost`"}
	wordLadderMore = words{"While a page reaches the server, only the room ends somebody who is away. A link whose page is there is given up by either side, and the other side is told.", "页面能连到服务器时，只有房间才能结束暂时离开的人。对方页面仍在时，任一方都可放弃连接，并会告知另一方。"}
	wordWindows    = words{"The windows", "时限"}
	wordNegotiate  = words{"a first offer without an answer", "首次请求没有应答"}
	wordConnect    = words{"no path after offer and answer", "协商之后仍无线路"}
	wordLaneDead   = words{"a socket to the server without a word", "与服务器的连接没有任何消息"}
	wordReturn     = words{"a place is held after a close or a navigation", "关闭或转到其他页面后保留位置"}
	wordReload     = words{"… after a reload", "……刷新之后"}
	wordClosed     = words{"… after the end of the stream without a goodbye", "……未告别而断开之后"}
	wordSilent     = words{"… after silence", "……失去响应之后"}
	wordFrozen     = words{"… after a freeze", "……页面被暂停之后"}
	wordVouch      = words{"a peer’s word that media still flows counts", "其他人证明媒体仍在传输的有效期"}
	wordRebuild    = words{"a restarted server asks returning pages who was there", "重启后的服务器向返回的页面询问谁在房间里"}
	wordLeft       = words{"the room remembers how somebody ended", "房间记住某人如何结束"}
	wordRetry      = words{"the server is tried again after; the last repeats", "重新连接服务器的间隔；最后一个重复"}
)

// rowsInChinese words the rows of both tables of verdicts, by their names.
var rowsInChinese = map[string]string{
	"said goodbye on the control channel":                      "通过控制通道告别",
	"the server refused":                                       "服务器拒绝",
	"not in the room any more":                                 "已不在房间中",
	"offer and answer do not fit":                              "请求与应答不匹配",
	"no answer came":                                           "没有收到应答",
	"a path, but no secure transport":                          "有线路，但没有安全传输",
	"never a path":                                             "始终没有线路",
	"silent, though signaling sees both":                       "没有数据，但双方都能连到服务器",
	"silent on every path":                                     "所有途径都没有响应",
	"said goodbye":                                             "向服务器告别",
	"said goodbye to a page while the server was away":         "服务器不在时向其他页面告别",
	"left, and its browser closed the socket before a goodbye": "页面离开，浏览器在其告别之前关闭了套接字",
	"died without a goodbye":                                   "未告别而崩溃",
	"was in the room before the server restarted":              "服务器重启前在房间里",
	"did not answer pings":                                     "没有回应 ping",
	"the server closed the socket":                             "服务器关闭了连接",
	"the stream ended without a goodbye":                       "未告别而断开",
}

// elsewhere lists what no Diagnose decides: what passes, and what is learnt
// later. A test looks up each place.
var elsewhere = []struct {
	cause          signal.Cause
	file, function string
	words
}{
	{signal.CausePageClosed, "server/room/life.go", "leave", words{"said reload and did not come back", "说要刷新但没有回来"}},
	{signal.CausePageCrashed, "server/signal/payload.go", "Cause", words{"came back without a mark of a goodbye", "返回时没有留下告别的标记"}},
	{signal.CausePageCrashed, "server/room/died.go", "diedBefore", words{"the browser says so after its place ran out", "位置过期之后浏览器报告"}},
	{signal.CausePageDiscarded, "server/signal/payload.go", "Cause", words{"document.wasDiscarded on return", "返回时 document.wasDiscarded 为真"}},
	{signal.CauseDeviceSlept, "server/signal/payload.go", "Cause", words{"the clocks had jumped on return", "返回时时钟发生跳变"}},
	{signal.CausePageUnresponsive, "wasm/session/view.go", "linkView", words{"packets come, beats do not", "有数据包，但没有心跳"}},
	{signal.CauseNetworkChanged, "wasm/session/recovery.go", "networkChanged", words{"the browser says online while a link is interrupted", "连接中断时浏览器报告网络恢复"}},
	{signal.CauseSignalingLost, "wasm/session/signaling.go", "signalingClosed", words{"the socket closed or was silent, and the page had been welcome", "与服务器的连接关闭或没有响应，而页面曾经加入"}},
	{signal.CauseServerUnreachable, "wasm/session/signaling.go", "signalingClosed", words{"no welcome in this life of the page", "本次加载中从未成功加入"}},
	{signal.CauseDeviceLost, "wasm/session/device.go", "deviceEnded", words{"the track ended by itself", "轨道自行结束"}},
	{signal.CauseUnsupportedBrowser, "static/boot.js", "stop", words{"found at boot: no RTCPeerConnection, or no WebAssembly", "启动时发现：没有 RTCPeerConnection 或 WebAssembly"}},
	{signal.CauseUnknown, "wasm/session/diagnose.go", "Diagnose", words{"no row of the table holds", "没有规则成立"}},
}
