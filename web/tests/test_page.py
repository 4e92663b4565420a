"""The playground in headless Chromium: test_page.py FOLDER PICTURE, with selenium and Debian's chromium and chromium-driver.

Everything is served from the folder by http.server, as a user would; PICTURE is the screenshot that the documentation shows.
"""

import functools
import http.server
import os
import sys
import threading
import unittest

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import Select, WebDriverWait

FOLDER, PICTURE = sys.argv[1:3]
LARGEST_PICTURE = 150_000  # bytes
SECONDS = 60  # that anything may take on a busy machine


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the folder, and lacks what the server is told to lack."""

    def do_GET(self):
        name = self.path.split("?")[0].lstrip("/")
        self.server.asked.append(name)
        if name in self.server.missing:
            self.send_error(404)
        elif name in self.server.replaced:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.server.replaced[name])
        else:
            super().do_GET()

    def end_headers(self):
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *args):
        pass


def read(name):
    with open(os.path.join(FOLDER, name), "rb") as file:
        return file.read()


def browser(*arguments):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", "--disable-dev-shm-usage",
                     *(["--no-sandbox"] if os.geteuid() == 0 else []), *arguments):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_window_size(1280, 1000)
    return driver


class Page(unittest.TestCase):
    driver = None
    arguments = ()

    @classmethod
    def setUpClass(cls):
        handler = functools.partial(Handler, directory=FOLDER)
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        cls.server.asked, cls.server.missing, cls.server.replaced = [], set(), {}
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.driver = browser(*cls.arguments)

    @classmethod
    def tearDownClass(cls):
        cls.driver.quit()
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        self.server.missing, self.server.replaced = set(), {}
        self.driver.get_log("browser")

    def open(self, link=""):
        self.driver.get("about:blank")  # or only the part behind the # would change
        self.driver.get(f"http://127.0.0.1:{self.server.server_address[1]}/{link}")
        self.wait(lambda: not self.get("message").text.startswith("Loading"))

    def get(self, name):
        return self.driver.find_element(By.ID, name)

    def text(self, name):
        return self.driver.execute_script("return document.getElementById(arguments[0]).textContent", name)

    def wait(self, condition):
        WebDriverWait(self.driver, SECONDS, 0.05).until(lambda _: condition())

    def click(self, name):
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.get(name))
        self.get(name).click()

    def slide(self, name, value):
        self.driver.execute_script(
            "const e = document.getElementById(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('input', {bubbles: true}))",
            name, value)

    def steps(self):
        return int(self.text("step"))

    def play_to_end(self):
        Select(self.get("speed")).select_by_value("10")
        self.wait(lambda: self.text("result") != "")

    def assert_quiet_console(self):
        self.assertEqual([entry for entry in self.driver.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")], [])


class Flight(Page):
    def test_twenty_recorded_episodes_are_equal_in_the_browser(self):
        self.open()
        self.click("check")
        self.wait(lambda: self.text("checked").startswith(("✓", "✗")))
        self.assertRegex(self.text("checked"), r"^✓ All 20 episodes, [\d,]+ steps: every bit equals Gymnasium's\.$")
        rows = self.driver.find_elements(By.CSS_SELECTOR, "#checked-rows tr td:last-child")
        self.assertEqual([row.text for row in rows], ["✓ equal"] * 20)
        self.assert_quiet_console()

    def test_a_recorded_episode_that_differs_is_shown(self):
        lines = read("golden.jsonl").splitlines()
        lines[7] = lines[7].replace(b'"seed": ', b'"seed": 1')
        self.server.replaced["golden.jsonl"] = b"\n".join(lines)
        self.open()
        self.click("check")
        self.wait(lambda: self.text("checked").startswith(("✓", "✗")))
        self.assertIn("1 of 20 episodes differ", self.text("checked"))

    def test_the_network_lands_and_the_end_is_told(self):
        self.open("#task=standard&seed=1000000")
        self.play_to_end()
        self.assertRegex(self.text("result"), r"^At rest \(\+100\): return 2\d\d\.\d in \d+ steps$")
        self.assertIn("at rest", self.text("logged"))
        self.assertEqual(self.text("pause"), "Play again")
        self.click("pause")
        self.wait(lambda: self.text("pause") == "Pause" or self.text("logged").count("at rest") == 2)
        self.driver.find_element(By.CSS_SELECTOR, "#logged a").click()  # of the address that the page has
        self.wait(lambda: self.text("result") == "" or self.text("logged").count("at rest") >= 2)
        self.assert_quiet_console()

    def test_the_same_link_gives_the_same_episode_whatever_the_speed(self):
        results = []
        for speed in ("10", "5"):
            self.open("#task=gymwind&seed=11")
            Select(self.get("speed")).select_by_value(speed)
            self.wait(lambda: self.text("result") != "")
            results.append(self.text("result"))
        self.click("restart")
        self.wait(lambda: self.text("result") != "")
        results.append(self.text("result"))
        self.assertEqual(len(set(results)), 1, results)

    def test_pause_and_single_step(self):
        self.open("#task=heavy&seed=3")
        self.click("pause")
        before = self.steps()
        for i in range(3):
            self.click("single")
            self.assertEqual(self.steps(), before + i + 1)
        self.driver.find_element(By.TAG_NAME, "body").send_keys(".")
        self.assertEqual(self.steps(), before + 4)
        self.driver.find_element(By.TAG_NAME, "body").send_keys(" ")
        self.wait(lambda: self.steps() > before + 10)

    def test_sliders_change_the_link_and_the_note_and_the_link_brings_them_back(self):
        self.open("#task=windy&seed=18446744073709551615")
        self.assertEqual(self.text("trained"), "Trained on this task, just as it is here.")
        self.slide("gravity", "-3.7")
        self.slide("wind_power", "12.5")
        Select(self.get("told")).select_by_value("heavy")
        link = self.driver.execute_script("return location.hash")
        self.assertEqual(link, "#task=windy&seed=18446744073709551615&gravity=-3.7&power=12.5&told=heavy")
        self.assertEqual(self.get("link").get_attribute("value"), self.driver.current_url)
        note = self.text("trained")
        self.assertIn("gravity −10, not −3.7", note)
        self.assertIn("a wind of 20 N, not 12.5 N", note)
        self.assertIn("told that it flies heavy", note)
        self.open(link)
        self.assertEqual(self.driver.execute_script("return location.hash"), link)
        self.assertEqual(self.text("trained"), note)
        self.assertEqual(self.text("gravity-shown"), "−3.7")
        self.click("reset")
        self.assertEqual(self.text("trained"), "It is told that it flies heavy, but it flies windy.")
        self.assert_quiet_console()

    def test_a_link_that_changes_on_an_open_page_counts(self):
        self.open("#task=standard&seed=1")
        self.driver.execute_script("location.hash = 'task=heavy&seed=5'")
        self.wait(lambda: self.get("seed").get_attribute("value") == "5")
        self.assertTrue(self.driver.find_element(By.CSS_SELECTOR, "input[value=heavy]").is_selected())

    def test_tasks_begin_with_their_own_settings(self):
        self.open("#task=windy&seed=4&gravity=-2")
        self.driver.find_element(By.CSS_SELECTOR, "input[value=gymwind]").click()
        self.assertEqual(self.driver.execute_script("return location.hash"), "#task=gymwind&seed=4")
        self.assertEqual(Select(self.get("wind")).first_selected_option.get_attribute("value"), "gymnasium")
        self.assertEqual(self.text("turbulence_power-shown"), "1.5")

    def test_flying_by_keys(self):
        self.open("#task=standard&seed=2&pilot=you")
        self.assertIn("Fire an engine to begin", self.text("banner"))
        self.assertEqual(self.steps(), 0)
        Select(self.get("speed")).select_by_value("0.1")  # or a busy machine is too slow to change keys before the crash
        self.get("canvas").send_keys(Keys.ARROW_UP)
        self.wait(lambda: self.steps() > 5)
        webdriver.ActionChains(self.driver).key_down(Keys.ARROW_LEFT).perform()
        self.wait(lambda: self.text("action") == "left engine")
        webdriver.ActionChains(self.driver).key_down(Keys.ARROW_UP).perform()
        self.wait(lambda: self.text("action") == "main engine")
        webdriver.ActionChains(self.driver).key_up(Keys.ARROW_UP).perform()
        self.wait(lambda: self.text("action") == "left engine")
        webdriver.ActionChains(self.driver).key_up(Keys.ARROW_LEFT).perform()
        self.wait(lambda: self.text("action") == "nothing" or self.text("result") != "")
        self.play_to_end()
        self.assertIn("you", self.text("logged"))
        self.assert_quiet_console()

    def test_letters_are_keys_wherever_no_text_is_typed(self):
        self.open("#task=heavy&seed=3")
        self.driver.find_element(By.CSS_SELECTOR, "input[value=windy]").click()
        webdriver.ActionChains(self.driver).send_keys("n").perform()
        self.assertEqual(self.driver.execute_script("return location.hash"), "#task=windy&seed=4")
        self.get("gravity").send_keys(Keys.ARROW_RIGHT)  # a slider's own
        self.assertEqual(self.text("gravity-shown"), "−9.9")
        self.get("seed").clear()
        self.get("seed").send_keys("n", Keys.ENTER)
        self.assertIn("must be a whole number", self.text("message"))

    def test_flying_by_touch(self):
        self.open("#pilot=you")
        Select(self.get("speed")).select_by_value("0.1")
        main = self.driver.find_element(By.CSS_SELECTOR, ".engine[data-action='2']")
        webdriver.ActionChains(self.driver).click_and_hold(main).perform()
        self.wait(lambda: self.text("action") == "main engine")
        webdriver.ActionChains(self.driver).release().perform()
        self.wait(lambda: self.text("action") == "nothing")

    def test_flying_with_two_thumbs(self):
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})
        self.open("#pilot=you")
        self.driver.execute_script("document.getElementById('touch').scrollIntoView({block: 'center'})")

        def thumb(action):
            box = self.driver.find_element(By.CSS_SELECTOR, f".engine[data-action='{action}']")
            x, y = self.driver.execute_script("const b = arguments[0].getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]", box)
            return {"x": x, "y": y, "id": action}

        def touch(kind, *thumbs):
            self.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(thumbs)})

        def held():
            return [button.text.split()[0] for button in self.driver.find_elements(By.CSS_SELECTOR, ".engine.held")]

        main, right = thumb(2), thumb(3)
        touch("touchStart", main)
        self.wait(lambda: self.text("action") == "main engine")
        touch("touchStart", main, right)
        self.wait(lambda: held() == ["right"])
        touch("touchEnd")
        self.wait(lambda: held() == [])
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})

    def test_the_pilot_button_changes_hands(self):
        self.open("#task=heavy&seed=9")
        self.click("pilot")
        self.assertEqual(self.driver.execute_script("return location.hash"), "#task=heavy&seed=9&pilot=you")
        self.assertEqual(self.driver.switch_to.active_element.get_attribute("id"), "canvas")
        # Its words say what a press does; "pressed" beside them would say the opposite to a screen reader.
        self.assertEqual(self.get("pilot").text, "Let the network fly")
        self.assertIsNone(self.get("pilot").get_attribute("aria-pressed"))
        self.click("pilot")
        self.assertEqual(self.get("pilot").text, "Fly yourself")
        self.assertEqual(self.driver.execute_script("return location.hash"), "#task=heavy&seed=9")

    def test_it_goes_on_with_the_next_seed_if_asked(self):
        self.open("#task=heavy&seed=3")
        self.get("goon").click()
        Select(self.get("speed")).select_by_value("10")
        self.wait(lambda: self.get("seed").get_attribute("value") == "4")
        self.assertEqual(self.driver.execute_script("return location.hash"), "#task=heavy&seed=4")

    def test_a_seed_that_is_none_is_refused(self):
        self.open("#task=heavy&seed=3")
        self.get("seed").clear()
        self.get("seed").send_keys("1.5", Keys.ENTER)
        self.assertIn("Seed “1.5”: must be a whole number", self.text("message"))
        self.assertEqual(self.get("seed").get_attribute("aria-invalid"), "true")

    def test_a_network_of_the_users_own(self):
        self.open("#task=heavy&seed=3")
        self.get("own").send_keys(os.path.abspath("tests/data/trained.safetensors"))
        self.wait(lambda: "trained.safetensors" in self.text("trained"))
        options = Select(self.get("told")).options
        self.assertEqual([option.is_enabled() for option in options], [True, True, True, False])
        self.get("own").send_keys(os.path.abspath("LICENSE"))
        self.wait(lambda: self.text("message") != "")
        self.assertIn("LICENSE: This is no safetensors file", self.text("message"))

    def test_every_control_has_a_name(self):
        self.open()
        nameless = self.driver.execute_script("""
            return [...document.querySelectorAll("button, input, select, canvas")].filter((e) =>
                !(e.getAttribute("aria-label") || e.textContent.trim() && e.tagName === "BUTTON" || e.labels && e.labels.length)).map((e) => e.id)""")
        self.assertEqual(nameless, [])

    def test_nothing_is_asked_of_others_and_paths_are_relative(self):
        self.open()
        urls = self.driver.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
        here = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.assertGreater(len(urls), 5)
        self.assertEqual([url for url in urls if not url.startswith(here)], [])


class Broken(Page):
    def test_without_weights_a_person_can_still_fly(self):
        self.server.missing = {"network.safetensors"}
        self.open("#task=heavy&seed=3")
        self.assertIn("network.safetensors could not be loaded: the server says 404", self.text("message"))
        self.assertIn("There is no network", self.text("trained"))
        self.get("canvas").send_keys(Keys.ARROW_UP)
        self.wait(lambda: self.steps() > 5)
        self.get("own").send_keys(os.path.abspath("tests/data/trained.safetensors"))
        self.wait(lambda: "trained.safetensors" in self.text("trained"))

    def test_weights_that_are_cut(self):
        self.server.replaced = {"network.safetensors": read("network.safetensors")[:9000]}
        self.open()
        self.assertIn("does not lie in the file's values", self.text("message"))
        self.assertIn("you can still fly yourself", self.text("message"))

    def test_without_physics_there_is_a_message(self):
        self.server.missing = {"playground.wasm"}
        self.open()
        self.assertIn("playground.wasm could not be loaded: the server says 404", self.text("message"))
        self.assertIn("What you see", self.driver.find_element(By.TAG_NAME, "body").text)

    def test_physics_that_is_no_webassembly(self):
        self.server.replaced = {"playground.wasm": b"<html>not found, said kindly</html>"}
        self.open()
        self.assertIn("playground.wasm", self.text("message"))

    def test_without_recorded_episodes_there_is_a_message(self):
        self.server.missing = {"golden.jsonl"}
        self.open()
        self.click("check")
        self.wait(lambda: "golden.jsonl could not be loaded" in self.text("message"))

    def test_a_malformed_link_is_named_part_by_part_and_the_rest_counts(self):
        self.open("#task=heavy&seed=abc&gravity=7&wind=<b>storm</b>")
        message = self.text("message")
        for part in ("seed = “abc”", "gravity = “7”", "wind = “<b>storm</b>”"):
            self.assertIn(part, message)
        self.assertEqual(self.driver.execute_script("return location.hash"), "#task=heavy&seed=1")
        self.assert_quiet_console()

    def test_from_a_file_the_page_says_what_to_do(self):
        self.driver.get("file://" + os.path.abspath(os.path.join(FOLDER, "index.html")))
        self.assertIn("python3 -m http.server", self.get("message").text)


class WithoutWebAssembly(Page):
    def test_there_is_a_message(self):
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": "delete globalThis.WebAssembly"})
        self.open()
        self.assertIn("no WebAssembly", self.text("message"))


class Pictures(Page):
    """Screenshots: with reduced motion the page waits for its first step, so that they show the same moment each time."""

    arguments = ("--force-prefers-reduced-motion",)

    def take(self, name, width, height, dark=False, mobile=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}, {"name": "prefers-reduced-motion", "value": "reduce"}]})
        self.open("#task=gymwind&seed=3")
        self.assertEqual(self.text("pause"), "Play")
        self.driver.execute_script("for (let i = 0; i < 81; i++) document.getElementById('single').click()")
        self.assertEqual(self.steps(), 81)
        # The port is another each time.
        self.driver.execute_script("""document.activeElement.blur(); scrollTo(0, 0);
            const link = document.getElementById("link"); link.value = link.value.replace(/:\\d+/, ":8000")""")
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as file:
            file.write(self.driver.get_screenshot_as_png())
        wide = self.driver.execute_script("return document.documentElement.scrollWidth")
        self.assertLessEqual(wide, width, "the page is wider than the window")

    def test_with_less_motion_an_engine_begins_the_flight_all_the_same(self):
        self.open("#pilot=you")
        self.assertEqual(self.text("pause"), "Play")
        self.get("canvas").send_keys(Keys.ARROW_UP)
        self.wait(lambda: self.steps() > 3)

    def test_the_picture_of_the_documentation(self):
        self.take(PICTURE, 1180, 860)
        self.assertLess(os.path.getsize(PICTURE), LARGEST_PICTURE)

    def test_dark_and_on_a_phone(self):
        shots = os.path.join(os.path.dirname(FOLDER.rstrip("/")), "playground-shots")
        self.take(os.path.join(shots, "dark.png"), 1280, 2600, dark=True)
        self.take(os.path.join(shots, "phone.png"), 360, 3800, mobile=True)
        self.take(os.path.join(shots, "phone-dark.png"), 360, 800, dark=True, mobile=True)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
