#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`side` is taken for `sid`, as the proposal's samples write it, and is never sent.

    alice  side='S'            bob  sid='S' side='S'          carol  sid='S' side='T' -> bad-request
"""

from harness import Lab, endpoint, expect, expect_error, expect_result, new_sid, reaches

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a, b, sid = lab.connect("alice"), lab.connect("bob"), new_sid()
    differ = endpoint(a, sid).replace(" sid=", " side='another' sid=", 1)
    expect_error(alice.iq(differ), "bad-request", "modify", "sid and side that differ")

    hers = alice.ask(endpoint(a, sid).replace(" sid=", " side=", 1))
    his = bob.ask(endpoint(b, sid).replace(" sid=", f" side='{sid}' sid=", 1))
    for answer in (alice.answer(hers), bob.answer(his)):
        expect_result(answer)
        query = answer.xml.find("{whoknows}query")
        expect(query is not None and len(query), 0, "children of the query in a result")
        expect("side" in query.attrib, False, "side in a result")
    reaches(a, b)
