pub struct Model;
pub enum Decision {
    Spam,
    Hold,
    Publish,
}
impl Model {
    pub fn score(&self, _: &str, _: &[&str]) -> f64 {
        0.0
    }
    pub fn verdict(&self, _: f64) -> Decision {
        Decision::Publish
    }
}
