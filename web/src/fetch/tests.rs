//! What is asked and what is not.

use super::*;
use proptest::prelude::*;

fn public(text: &str) -> bool {
    is_public(text.parse().unwrap())
}

#[test]
fn the_open_net_is_asked_and_nothing_else() {
    for fine in [
        "140.82.121.3",
        "217.197.91.145",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.1.1",
        "198.20.0.0",
        "223.255.255.255",
        "2a00:1450:4001::1",
        "2001:67c:1401::1",
        "2606:4700::6810",
        "64:ff9b::8c52:7903",
    ] {
        assert!(public(fine), "{fine}");
    }
    for bad in [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:140.82.121.3",
        "::127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!public(bad), "{bad}");
    }
}

#[test]
fn only_a_name_by_https_on_the_usual_port_is_asked() {
    for fine in [
        "https://api.github.com/repos/a/b",
        "https://codeberg.org:443/x",
    ] {
        assert!(askable(fine).is_ok(), "{fine}");
    }
    for bad in [
        "http://api.github.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://intranet/",
        "https://x.example:8443/",
        "https://a:b@x.example/",
        "https://x.example./",
        "ftp://x.example/",
        "file:///etc/hostname",
        "gopher://x.example/",
        "javascript:alert(1)",
        "//x.example/",
        "",
    ] {
        assert_eq!(askable(bad), Err(Fault::Address), "{bad}");
    }
}

#[test]
fn nobody_is_sent_on_to_another_host() {
    let from = askable("https://forge.example/a/b").unwrap();
    let follows = |to: &str, www| may_follow(&from, &from.join(to).unwrap(), www);
    for fine in [
        "/c/d",
        "?page=2",
        "https://forge.example/c",
        "https://FORGE.example/c",
    ] {
        assert!(follows(fine, false), "{fine}");
    }
    for bad in [
        "http://forge.example/",
        "https://evil.example/",
        "//10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://forge.example:8443/",
        "https://forge.example@evil.example/",
        "https://forge.example.evil.example/",
        "file:///etc/passwd",
    ] {
        assert!(!follows(bad, true), "{bad}");
    }
    assert!(follows("https://www.forge.example/", true));
    assert!(!follows("https://www.forge.example/", false));
}

#[test]
fn how_long_to_wait_is_read_both_ways() {
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let seconds = |text: &str| retry_after(text, now).map(|wait| wait.as_secs());
    assert_eq!(seconds("120"), Some(120));
    assert_eq!(seconds("99999999999"), Some(86_400));
    let later = (now + chrono::Duration::seconds(90)).to_rfc2822();
    assert_eq!(seconds(&later), Some(90));
    assert_eq!(seconds("Wed, 21 Oct 2015 07:28:00 GMT"), Some(0));
    for nothing in ["", "soon", "-5", "1e9"] {
        assert_eq!(seconds(nothing), None, "{nothing}");
    }
    let mut head = HeaderMap::new();
    head.insert("x-ratelimit-remaining", "0".parse().unwrap());
    head.insert("x-ratelimit-reset", "1800000600".parse().unwrap());
    assert_eq!(used_up(&head, now), Some(Duration::from_secs(600)));
    head.insert("x-ratelimit-remaining", "1".parse().unwrap());
    assert_eq!(used_up(&head, now), None);
}

/// The safe connection is really tried, and who speaks without encryption is not believed.
#[test]
fn who_speaks_openly_is_not_heard() {
    use std::io::Write;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let there = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 64];
        let read = stream.read(&mut hello).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n[]").unwrap();
        // A TLS handshake begins with this.
        (read > 5, hello[0] == 22)
    });
    let agent = agent("a test", Duration::from_secs(5), Some(address));
    let error = agent.get("https://forge.example/").call().unwrap_err();
    let host = "forge.example";
    assert_eq!(fault(error, host), Fault::Unsafe(host.into()));
    assert_eq!(there.join().unwrap(), (true, true));
}

/// The real resolver: a name for this machine is refused before anything connects.
#[test]
fn a_name_for_this_machine_is_not_asked() {
    let agent = agent("a test", Duration::from_secs(5), None);
    let error = agent.get("https://localhost/").call().unwrap_err();
    assert_eq!(fault(error, "x"), Fault::Private("x".into()));
}

proptest! {
    /// What the standard library knows to be somebody's own is never asked.
    #[test]
    fn no_address_of_ones_own_is_public(bits in any::<u32>(), wide in any::<u128>()) {
        let v4 = Ipv4Addr::from_bits(bits);
        if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
            || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified()
        {
            prop_assert!(!is_public(v4.into()), "{v4}");
        }
        let v6 = Ipv6Addr::from_bits(wide);
        if v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || v6.is_unique_local()
            || v6.is_unicast_link_local() || v6.to_ipv4_mapped().is_some()
        {
            prop_assert!(!is_public(v6.into()), "{v6}");
        }
    }

    /// However it is wrapped into a longer one.
    #[test]
    fn no_wrapping_makes_an_address_public(bits in any::<u32>()) {
        let v4 = Ipv4Addr::from_bits(bits);
        prop_assert!(!is_public(v4.to_ipv6_mapped().into()));
        prop_assert!(!is_public(v4.to_ipv6_compatible().into()));
        let [a, b, c, d] = v4.octets().map(u16::from);
        let six = Ipv6Addr::new(0x2002, a << 8 | b, c << 8 | d, 0, 0, 0, 0, 1);
        prop_assert!(!is_public(six.into()));
        let nat = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a << 8 | b, c << 8 | d);
        prop_assert_eq!(is_public(nat.into()), is_public(v4.into()));
    }

    /// Nor does any address that is typed lead to one: a bare number is not asked at all.
    #[test]
    fn a_number_is_never_asked(bits in any::<u32>(), wide in any::<u128>()) {
        let (v4, v6) = (Ipv4Addr::from_bits(bits), Ipv6Addr::from_bits(wide));
        for host in [v4.to_string(), bits.to_string(), format!("{bits:#x}"), format!("[{v6}]")] {
            let asked = askable(&format!("https://{host}/"));
            prop_assert!(asked.is_err(), "{}", host);
        }
    }

    /// Whatever a server writes into its `Location`, we stay where we were.
    #[test]
    fn no_location_leads_away(to in "\\PC{0,40}", www in any::<bool>()) {
        let from = askable("https://forge.example/a").unwrap();
        if let Ok(to) = from.join(&to) && may_follow(&from, &to, www) {
            let host = to.host_str().unwrap();
            prop_assert!(host == "forge.example" || (www && host == "www.forge.example"));
            prop_assert_eq!(to.scheme(), "https");
            prop_assert_eq!(to.port(), None);
        }
    }
}
