"""The playground in headless Firefox: test_firefox.py FOLDER, with marionette_driver and Debian's firefox-esr.

Selenium would need geckodriver, which Debian does not have; Firefox itself speaks Marionette. What the page does is tested in Chromium
(test_page.py); here is what depends on the browser: WebAssembly's bits, the layout, and that it runs at all.
"""

import functools
import gc
import http.server
import os
import sys
import tempfile
import threading
import unittest

from marionette_driver.marionette import Marionette
from marionette_driver.wait import Wait

FOLDER = sys.argv[1]
SECONDS = 60  # that anything may take on a busy machine


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Firefox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=FOLDER))
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.logs = tempfile.TemporaryDirectory()  # of its own: marionette_driver removes what stands at the log's path
        log = os.path.join(cls.logs.name, "gecko.log")
        cls.firefox = Marionette(bin="/usr/bin/firefox-esr", headless=True, startup_timeout=SECONDS, gecko_log=log)
        cls.firefox.start_session()

    @classmethod
    def tearDownClass(cls):
        cls.firefox.quit()
        cls.firefox.cleanup()
        del cls.firefox
        gc.collect()  # removes its profile, which it cannot when Python ends
        cls.logs.cleanup()
        cls.server.shutdown()
        cls.server.server_close()

    def open(self, link=""):
        self.firefox.navigate("about:blank")  # or only the part behind the # would change
        self.firefox.navigate(f"http://127.0.0.1:{self.server.server_address[1]}/{link}")
        self.wait(lambda: not self.text("message").startswith("Loading"))

    def run_script(self, script, *arguments):
        return self.firefox.execute_script(script, script_args=list(arguments))

    def text(self, name):
        return self.run_script("return document.getElementById(arguments[0]).textContent", name)

    def click(self, name):
        self.run_script("document.getElementById(arguments[0]).click()", name)

    def wait(self, condition):
        Wait(self.firefox, timeout=SECONDS, interval=0.05).until(lambda _: condition())

    def test_twenty_recorded_episodes_are_equal(self):
        self.open()
        self.click("check")
        self.wait(lambda: self.text("checked").startswith(("✓", "✗")))
        self.assertRegex(self.text("checked"), r"^✓ All 20 episodes, [\d,]+ steps: every bit equals Gymnasium's\.$")

    def test_the_network_flies(self):
        self.open("#task=gymwind&seed=3")
        self.assertEqual(self.text("message"), "")
        self.wait(lambda: int(self.text("step")) > 20)

    def test_a_malformed_link_is_named_and_runs_nothing(self):
        self.open("#task=heavy&seed=-1&gravity=NaN&wind=<script>window.ran = 1</script>")
        for part in ("seed = “-1”", "gravity = “NaN”", "wind = “<script>window.ran = 1</script>”"):
            self.assertIn(part, self.text("message"))
        self.assertIsNone(self.run_script("return window.wrappedJSObject.ran ?? null"))

    def test_nothing_is_wider_than_the_window(self):
        for width in (600, 1280):  # Firefox opens no window below 450
            self.firefox.set_window_rect(width=width, height=900)
            self.open()
            inner, wide = self.run_script("return [innerWidth, document.documentElement.scrollWidth]")
            self.assertLessEqual(wide, inner)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")  # marionette_driver leaves sockets open
