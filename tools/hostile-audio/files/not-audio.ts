import { gzipSync } from "node:zlib";
import { ascii, concat, u32be, u32le } from "../bytes.ts";
import { clip } from "../clip.ts";
import { chunk, list } from "../containers/riff.ts";
import { complete, emptyAudio, file, type HostileFile, notAudio } from "../hostile-file.ts";

const secretFile = "file:///etc/passwd";
const remoteFile = "http://127.0.0.1:9/secret.wav";

/** What only points elsewhere: a decoder that follows it reads files or opens connections for a stranger. */
export const pointers: readonly HostileFile[] = [
  text("hls.wav", "an HLS playlist", [
    "#EXTM3U",
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXTINF:10.0,",
    secretFile,
    "#EXTINF:10.0,",
    remoteFile,
    "#EXT-X-ENDLIST",
  ]),
  text("hls-concat.wav", "an HLS playlist that joins a header with a local file", [
    "#EXTM3U",
    "#EXTINF:1,",
    `concat:${remoteFile}|${secretFile}`,
    "#EXT-X-ENDLIST",
  ]),
  text("playlist.m3u", "a plain playlist", ["#EXTM3U", secretFile, remoteFile]),
  text("playlist.pls", "a playlist of the other kind", ["[playlist]", `File1=${remoteFile}`, "NumberOfEntries=1"]),
  text("ffconcat.wav", "a concat script", ["ffconcat version 1.0", `file '${secretFile}'`, `file '${remoteFile}'`]),
  text("sdp.wav", "a session description that would open a port", [
    "v=0",
    "o=- 0 0 IN IP4 127.0.0.1",
    "s=No Name",
    "c=IN IP4 127.0.0.1",
    "t=0 0",
    "m=audio 5004 RTP/AVP 0",
  ]),
  text("dash.wav", "a DASH manifest", [
    '<?xml version="1.0"?>',
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet mimeType="audio/mp4">',
    `<Representation id="1" bandwidth="1"><BaseURL>${remoteFile}</BaseURL></Representation>`,
    "</AdaptationSet></Period></MPD>",
  ]),
  text("ism.wav", "a Smooth Streaming manifest", [
    '<?xml version="1.0"?>',
    `<SmoothStreamingMedia MajorVersion="2"><StreamIndex Type="audio" Url="${remoteFile}"/></SmoothStreamingMedia>`,
  ]),
  file("playlist-in-avi.avi", "an HLS playlist in the subtitles of a video without sound", playlistInAvi, emptyAudio),
  file(
    "playlist-after-wav.wav",
    "a healthy file with a playlist behind it",
    () => concat(clip("speech.wav"), ascii(`#EXTM3U\n#EXTINF:10.0,\n${secretFile}\n`)),
    complete,
  ),
];

/** Files of other kinds, under the name of a sound. */
export const otherKinds: readonly HostileFile[] = [
  file("picture.png.wav", "a picture", pngPicture, notAudio),
  text("picture.svg.wav", "a picture that names a local file", [
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9">',
    `<image xlink:href="${secretFile}" width="9" height="9"/></svg>`,
  ]),
  text("page.html.mp3", "a web page", ["<!doctype html>", "<title>404</title>", "<p>Not found.</p>"]),
  text("subtitles.srt.wav", "subtitles", ["1", "00:00:00,000 --> 00:00:09,000", "Bonjour."]),
  text("subtitles.vtt.wav", "subtitles of the web", ["WEBVTT", "", "00:00.000 --> 00:09.000", "Bonjour."]),
  text("document.pdf.wav", "a document", ["%PDF-1.7", "1 0 obj <</Type /Catalog>> endobj", "%%EOF"]),
  text("data.json.wav", "JSON", ['{"audio": "UklGRg=="}']),
  text("base64.wav", "a sound in base64", [clip("speech.wav").toString("base64")]),
  file("sound.wav.gz", "a sound, compressed", () => gzipSync(clip("speech.wav")), notAudio),
  file(
    "program.elf.wav",
    "a program",
    () => concat(ascii("\u007fELF"), Buffer.of(2, 1, 1), Buffer.alloc(4096)),
    notAudio,
  ),
  file("archive.zip.wav", "an archive", () => concat(ascii("PK\u0003\u0004"), Buffer.alloc(4096)), notAudio),
  file("music.mid", "notes instead of sound", midi, notAudio),
];

function text(name: string, fault: string, lines: readonly string[]): HostileFile {
  return file(name, fault, () => ascii(`${lines.join("\n")}\n`), notAudio);
}

/** As in the reports of 2017 on files read through subtitles (CVE-2017-9993). */
function playlistInAvi(): Buffer {
  const playlist = ascii(`#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:1.0,\n${secretFile}\n#EXT-X-ENDLIST\n`);
  const mainHeader = chunk("avih", concat(...[40_000, 0, 0, 0, 1, 0, 1, 0, 32, 32, 0, 0, 0, 0].map(u32le)));
  const streamHeader = chunk("strh", concat(ascii("txts"), Buffer.alloc(16), u32le(1), u32le(25), Buffer.alloc(28)));
  const headers = list(
    "LIST",
    "hdrl",
    concat(mainHeader, list("LIST", "strl", concat(streamHeader, chunk("strf", Buffer.alloc(4))))),
  );
  const subtitles = concat(ascii("GAB2\0"), Buffer.of(2, 0, 0, 0, 0, 0, 4, 0), u32le(playlist.length), playlist);
  return list("RIFF", "AVI ", concat(headers, list("LIST", "movi", chunk("00tx", subtitles))));
}

/** One grey point. */
function pngPicture(): Buffer {
  const signature = Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const header = concat(u32be(13), ascii("IHDR"), u32be(1), u32be(1), Buffer.of(8, 0, 0, 0, 0), u32be(0x3a7e9b55));
  const pixels = Buffer.of(0x78, 0x9c, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81);
  const data = concat(u32be(pixels.length), ascii("IDAT"), pixels, u32be(0x77cd_7f39));
  return concat(signature, header, data, u32be(0), ascii("IEND"), u32be(0xae42_6082));
}

function midi(): Buffer {
  const track = Buffer.of(0x00, 0x90, 0x3c, 0x40, 0x60, 0x80, 0x3c, 0x40, 0x00, 0xff, 0x2f, 0x00);
  const header = concat(ascii("MThd"), u32be(6), Buffer.of(0, 0, 0, 1, 0, 96));
  return concat(header, ascii("MTrk"), u32be(track.length), track);
}
