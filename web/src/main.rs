//! The one binary: `potluck` serves, and does the chores of a self-hoster besides.

fn main() -> std::process::ExitCode {
    match potluck::cli::run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("potluck: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
