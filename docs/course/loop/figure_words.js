// What a figure says, in both languages, beside what the scope's parts say.

const SAID = {
  lane_people: { en: "who does what", ja: "誰が何をしたか" },
  lane_kernel: { en: "the kernel tells", ja: "カーネルの知らせ" },
  lane_loop: { en: "the loop calls", ja: "ループが呼ぶもの" },
  did_connect: { en: "{name} connects", ja: "{name} がつなぐ" },
  did_say: { en: "{name}: {text}", ja: "{name}「{text}」" },
  did_much: { en: "{name} says 32 KiB", ja: "{name} が 32 KiB を言う" },
  did_end: { en: "{name} has sent all", ja: "{name} は送り終えた" },
  did_leave: { en: "{name} leaves", ja: "{name} が帰る" },
  did_stops_reading: { en: "{name} stops reading", ja: "{name} は読むのをやめた" },
  did_reads_again: { en: "{name} reads again", ja: "{name} はまた読み始めた" },
  bit_readable: { en: "readable", ja: "読める" },
  bit_writable: { en: "writable", ja: "書ける" },
  bit_peer_ended: { en: "its end", ja: "終わり" },
  bit_hung_up: { en: "hung up", ja: "切断" },
  bit_failed: { en: "failed", ja: "失敗" },
  bit_urgent: { en: "urgent", ja: "緊急" },
  op_receive: { en: "{bytes} B in", ja: "{bytes} B 受信" },
  op_send: { en: "{bytes} B out", ja: "{bytes} B 送信" },
  op_accept: { en: "accepted", ja: "受け入れた" },
  op_exhausted: { en: "nothing more", ja: "もう何もない" },
  op_end: { en: "the end", ja: "終わり" },
  op_failed: { en: "failed", ja: "失敗" },
  op_starved: { en: "no descriptor: later", ja: "記述子がない。後で" },
  connect: { en: "Another client", ja: "客を増やす" },
  example: { en: "Play the example", ja: "見本を動かす" },
  again: { en: "From the beginning", ja: "はじめから" },
  server: { en: "Server", ja: "サーバー" },
  choice_one_at_a_time: { en: "one at a time", ja: "一人ずつ" },
  choice_at_once: { en: "all at once", ja: "同時に" },
  choice_sips: { en: "remembers edges", ja: "エッジを覚えている" },
  choice_forgetful: { en: "forgets edges", ja: "エッジを忘れる" },
  say: { en: "Say", ja: "言う" },
  much: { en: "Say 32 KiB", ja: "32 KiB を言う" },
  end: { en: "End sending", ja: "送り終える" },
  leave: { en: "Leave", ja: "帰る" },
  stop_reading: { en: "Stop reading", ja: "読むのをやめる" },
  read_again: { en: "Read again", ja: "また読む" },
  what_to_say: { en: "what {name} says", ja: "{name} が言うこと" },
  state_connecting: { en: "connecting", ja: "つないでいる" },
  state_connected: { en: "connected", ja: "つながった" },
  state_ended: { en: "the server has ended it", ja: "サーバーが終えた" },
  state_gone: { en: "gone", ja: "帰った" },
  heard: { en: "heard", ja: "聞いたこと" },
  heard_bytes: { en: "heard {bytes} bytes", ja: "{bytes} バイトを聞いた" },
  waiting: { en: "{unread} wait to be read, {unsent} to be sent", ja: "未読 {unread}、未送信 {unsent}" },
  people: { en: "The clients: you", ja: "クライアント（あなたです）" },
  happened: { en: "What has happened", ja: "起きたこと" },
  the_loop: { en: "The server's loop", ja: "サーバーのループ" },
  cannot: { en: "This browser can not run the figure: the picture shows an example.",
            ja: "このブラウザーでは図を動かせないので、例の絵を示します。" },
};

export class FigureWords {
  constructor(language) {
    this.language = language === "ja" ? "ja" : "en";
  }

  say(key, values = {}) {
    return SAID[key][this.language].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }
}
