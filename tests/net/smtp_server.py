# SPDX-License-Identifier: MIT
"""An SMTP server for tests that does as it is told, not as it should. Run as a program:

    smtp_server.py ADDRESS PORT LOG [KEY=VALUE ...]

Writes what it hears to LOG, one JSON line each: listen, connect, line, message, close. Keys:
    refuse=TEXT     recipients with TEXT in them get 550
    hang=WORD       after WORD (connect, or a command) nothing is answered any more
    close=WORD      after WORD the connection is closed
    say=WORD:TEXT   what is answered to WORD instead
    ehlo=no         EHLO is unknown
"""

import json
import os
import socketserver
import sys

ANSWERS = {"connect": "220 sink ready", "EHLO": "250 sink", "HELO": "250 sink", "MAIL": "250 ok", "RCPT": "250 ok",
           "DATA": "354 go on", ".": "250 taken", "QUIT": "221 bye", "RSET": "250 ok"}


class Session(socketserver.StreamRequestHandler):
    def note(self, **what):
        line = json.dumps({"port": self.client_address[1], **what}) + "\n"
        os.write(self.server.log, line.encode())

    def answer(self, word, text):
        """False: the session is over."""
        told = self.server.told
        if told.get("close") == word:
            return False
        if told.get("hang") == word:
            while self.rfile.readline():
                pass
            return False
        say = told.get("say", "").partition(":")
        self.wfile.write(((say[2] if say[0] == word else text) + "\r\n").encode())
        return True

    def handle(self):
        try:
            self.note(event="connect")
            self.talk()
        except OSError as error:
            self.note(event="error", text=str(error))
        self.note(event="close")

    def talk(self):
        going = self.answer("connect", ANSWERS["connect"])
        while going:
            line = self.rfile.readline().decode("latin-1")
            if not line:
                return
            self.note(event="line", text=line.rstrip("\r\n"), crlf=line.endswith("\r\n"))
            word = line.split()[0].upper() if line.split() else ""
            refuse = self.server.told.get("refuse")
            if word == "RCPT" and refuse and refuse in line:
                going = self.answer(word, "550 nobody here of that name")
            elif word == "EHLO" and self.server.told.get("ehlo") == "no":
                going = self.answer(word, "502 what is that")
            else:
                going = self.answer(word, ANSWERS.get(word, "500 what"))
            if word == "QUIT":
                return
            if going and word == "DATA" and not self.server.told.get("say", "").startswith("DATA:"):
                going = self.message()

    def message(self):
        text = b""
        while not text.endswith(b"\r\n.\r\n") and text != b".\r\n":
            line = self.rfile.readline()
            if not line:
                return False
            text += line
        self.note(event="message", text=text[:-3].decode("latin-1"))
        return self.answer(".", ANSWERS["."])


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    address, port, log = sys.argv[1:4]
    server = Server((address, int(port)), Session)
    server.told = dict(word.split("=", 1) for word in sys.argv[4:])
    server.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(server.log, b'{"event": "listen"}\n')
    server.serve_forever()


if __name__ == "__main__":
    main()
