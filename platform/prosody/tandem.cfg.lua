-- SPDX-License-Identifier: BSD-3-Clause
--
-- tandem as a component of Prosody.  Copy this file to /etc/prosody/conf.d/, change the name and the
-- secret to those in tandem's configuration (xmpp.jid, xmpp.secret_file), and reload Prosody.
--
-- The name is one below the domain whose users are served: so Prosody lists the component among
-- that domain's items, where clients look for a relay.  For another name, and for further domains,
-- say in each VirtualHost:  disco_items = { { "relay.example.org" } }
--
-- Prosody listens for components on 127.0.0.1, port 5347.  For a tandem elsewhere set in the global
-- section:  component_interfaces = { "192.0.2.1" }  and let nobody else reach that address, for the
-- stream is not encrypted.
--
-- Take mod_proxy65 and its Component out where there is one: clients take the first proxy they find.

Component "relay.example.org"
	component_secret = "change me"
	-- tandem comes back after its connection was cut, of which Prosody may not know yet: without
	-- this line the new stream is refused as long as the dead one lasts.
	component_conflict_resolve = "kick_old"
