pub mod spam;
