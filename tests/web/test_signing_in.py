"""Setting up, signing in and out, and what a session may do."""

from __future__ import annotations

from datetime import timedelta

from tests.web.conftest import PASSWORD, Counter

from regulars.kernel.clock import WoundClock

ANN = {"email": "ann@shop.example", "password": PASSWORD}


def test_a_new_shop_says_that_it_has_to_be_set_up(counter: Counter) -> None:
    answer = counter.browser().ask("GET", "/v1/setup").json()
    assert answer == {"needed": True, "version": "1.2.3", "shop_name": "", "demo": None, "simulated": False}


def test_setting_up_needs_the_printed_link_and_works_once(counter: Counter) -> None:
    stranger, asked = counter.browser(), {"shop_name": "Corner", "name": "Eve", **ANN}
    assert stranger.ask("POST", "/v1/setup", json=asked).status_code == 403
    assert stranger.ask("POST", "/v1/setup", json={**asked, "token": "guessed"}).status_code == 403
    owner = counter.owner()
    assert owner.ask("GET", "/v1/session").json()["role"] == "admin"
    assert owner.ask("GET", "/v1/setup").json()["shop_name"] == "Corner"
    again = stranger.ask("POST", "/v1/setup", json={**asked, "token": counter.people.invite("setup")})
    assert again.status_code == 409


def test_an_old_link_no_longer_sets_up(counter: Counter, clock: WoundClock) -> None:
    token = counter.people.invite("setup", hours=1)
    clock.wind(timedelta(hours=1))
    asked = {"shop_name": "Corner", "name": "Ann", **ANN, "token": token}
    assert counter.browser().ask("POST", "/v1/setup", json=asked).status_code == 403


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(counter: Counter) -> None:
    counter.owner()
    wrong = counter.browser().ask("POST", "/v1/session", json={**ANN, "password": "not this one"})
    unknown = counter.browser().ask("POST", "/v1/session", json={**ANN, "email": "eve@shop.example"})
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.json()["detail"] == unknown.json()["detail"]


def test_the_sixth_try_to_sign_in_has_to_wait_and_the_wait_ends(counter: Counter, clock: WoundClock) -> None:
    counter.owner()
    eve = counter.browser()
    tries = [eve.ask("POST", "/v1/session", json={**ANN, "password": f"guess {n}"}).status_code for n in range(6)]
    assert tries == [401] * 5 + [429]
    refused = eve.ask("POST", "/v1/session", json=ANN)
    assert refused.status_code == 429
    clock.wind(timedelta(seconds=int(refused.headers["Retry-After"])))
    assert eve.ask("POST", "/v1/session", json=ANN).status_code == 201


def test_the_session_cookie_is_hidden_from_scripts_and_the_other_is_not(counter: Counter) -> None:
    counter.owner()
    answer = counter.browser().ask("POST", "/v1/session", json=ANN)
    session, csrf = sorted(answer.headers.get_list("set-cookie"), key=lambda cookie: "csrf" in cookie)
    assert "HttpOnly" in session
    assert "HttpOnly" not in csrf
    assert all("SameSite=lax" in cookie for cookie in (session, csrf))


def test_a_change_without_the_pages_token_is_refused(counter: Counter) -> None:
    owner = counter.owner()
    assert owner.bare("POST", "/v1/things/one").status_code == 403
    assert owner.bare("POST", "/v1/things/one", headers={"X-CSRF-Token": "0" * 64}).status_code == 403
    assert counter.done == []
    assert owner.ask("POST", "/v1/things/one").status_code == 201


def test_another_sites_page_may_not_even_try_to_sign_somebody_in(counter: Counter) -> None:
    counter.owner()
    answer = counter.browser().ask("POST", "/v1/session", json=ANN, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_signing_out_makes_the_cookie_worthless(counter: Counter) -> None:
    owner = counter.owner()
    stolen = counter.browser(Cookie=f"regulars_session={owner.http.cookies['regulars_session']}")
    assert stolen.bare("GET", "/v1/session").status_code == 200
    assert owner.ask("DELETE", "/v1/session").status_code == 204
    assert stolen.bare("GET", "/v1/session").status_code == 401


def test_signing_in_again_ends_the_session_before(counter: Counter) -> None:
    owner = counter.owner()
    before = owner.http.cookies["regulars_session"]
    assert owner.ask("POST", "/v1/session", json=ANN).status_code == 201
    assert counter.browser(Cookie=f"regulars_session={before}").bare("GET", "/v1/things/viewed").status_code == 401


def test_a_session_gets_a_fresh_token_after_half_a_day_and_the_old_one_dies_soon(
    counter: Counter, clock: WoundClock
) -> None:
    owner = counter.owner()
    before = owner.http.cookies["regulars_session"]
    clock.wind(timedelta(hours=12))
    assert owner.ask("GET", "/v1/session").status_code == 200
    assert owner.http.cookies["regulars_session"] != before
    late = counter.browser(Cookie=f"regulars_session={before}")
    assert late.bare("GET", "/v1/things/viewed").status_code == 200
    clock.wind(timedelta(seconds=61))
    assert late.bare("GET", "/v1/things/viewed").status_code == 401
    assert owner.ask("GET", "/v1/things/viewed").status_code == 200


def test_a_session_nobody_used_for_three_days_is_over(counter: Counter, clock: WoundClock) -> None:
    owner = counter.owner()
    clock.wind(timedelta(days=3))
    assert owner.ask("GET", "/v1/session").status_code == 401


def test_a_link_signs_somebody_in_as_often_as_it_says(counter: Counter) -> None:
    owner = counter.owner()
    person_id = owner.ask("GET", "/v1/session").json()["person_id"]
    token = counter.people.invite("enter", person_id=person_id, uses=1)
    guest = counter.browser()
    entered = guest.bare("GET", f"/enter?token={token}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert guest.ask("GET", "/v1/session").json()["name"] == "Ann"
    assert counter.browser().bare("GET", f"/enter?token={token}").status_code == 401


def test_a_new_password_needs_the_present_one_and_ends_other_sessions(counter: Counter) -> None:
    owner, elsewhere = counter.owner(), counter.browser()
    elsewhere.ask("POST", "/v1/session", json=ANN)
    change = {"password": "another long phrase", "current_password": "not it"}
    assert owner.ask("PATCH", "/v1/session", json=change).status_code == 403
    assert owner.ask("PATCH", "/v1/session", json={**change, "current_password": PASSWORD}).status_code == 200
    assert owner.ask("GET", "/v1/session").status_code == 200
    assert elsewhere.ask("GET", "/v1/session").status_code == 401
