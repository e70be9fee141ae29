use crate::program::{Place, Server};

#[test]
fn a_demo_is_made_once_and_served_as_it_is_afterwards() {
    let place = Place::new();
    let data = place.folder.path().join("market");
    let start = || Server::start(place.command_in(&data, &["demo", "--port", "0"]));
    let server = start();
    let (_, market) = server.get(None, "/api/v1/market").unwrap();
    assert!(market["needs"].as_u64().unwrap() >= 50, "{market}");
    assert!(market["achievements"].as_u64().unwrap() >= 220, "{market}");
    let (status, found) = server.get(None, "/api/v1/search?q=%E7%93%A6%E6%96%AF").unwrap();
    assert!(status == 200 && found["total"].as_u64().unwrap() > 3, "{found}");
    let (status, page) = server.get(None, "/").unwrap();
    assert!(status == 200 && page.as_str().unwrap().contains("最新需求"));
    let (status, docs) = server.get(None, "/api/docs").unwrap();
    assert!(status == 200 && docs.as_str().unwrap().contains("/pairs/{id}/grade"));
    let (status, _) = server.get(None, "/metrics").unwrap();
    assert_eq!(status, 200);
    assert!(server.terminate().success());

    let again = start();
    let (_, same) = again.get(None, "/api/v1/market").unwrap();
    assert_eq!(same, market);
}
