//! What the filter promises, on invented texts.

use linfa::prelude::*;
use linfa_bayes::{MultinomialNb, NaiveBayes};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

use super::counting::log_probabilities;
use super::features::View;
use super::learning::{cross_validate, fit, score, smoothed, starter_weight};
use super::*;

/// A small invented community: makers talking shop, and people selling things.
fn community(each: usize) -> Vec<Example> {
    let ham = [
        "lovely", "jump", "level", "music", "physics", "duck", "controls", "boss", "sprite",
        "tutorial", "bug", "menu",
    ];
    let spam = [
        "cheap",
        "watches",
        "followers",
        "crypto",
        "bonus",
        "casino",
        "subscribe",
        "channel",
        "loan",
        "pills",
        "profit",
        "click",
    ];
    let both = [
        "the", "your", "really", "this", "so", "for", "you", "my", "is", "very",
    ];
    let mut state = 1u64;
    let mut draw = |words: &[&str]| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        words[(state >> 33) as usize % words.len()].to_owned()
    };
    let mut out = Vec::new();
    for i in 0..each {
        for (label, own) in [(Label::Spam, &spam), (Label::Ham, &ham)] {
            let mut words: Vec<String> = Vec::new();
            for _ in 0..4 + i % 9 {
                words.push(draw(own));
                words.push(draw(&both));
            }
            if label == Label::Spam && i % 3 == 0 {
                words.push(format!("http://shop{}.example/buy", i % 5));
            }
            words.push(format!("n{i}"));
            out.push(Example::new(words.join(" "), label));
        }
    }
    out
}

fn quiet() -> Options {
    Options {
        starter: false,
        quiet: true,
        ..Options::default()
    }
}

fn trained(examples: &[Example], options: &Options) -> Model {
    train(examples, options, &mut |_, _| {}).unwrap().model
}

#[test]
fn linfa_on_summed_rows_equals_linfa_on_each_row_and_our_formula() {
    let rows = Array2::from_shape_fn((40, 23), |(r, c)| {
        if r < 2 {
            1.0
        } else {
            f64::from(u8::from((r * 7 + c * 5 + r * c) % 3 == 0))
        }
    });
    let labels = Array1::from_shape_fn(
        40,
        |r| usize::from(r % 4 == 0), // rows 0 and 1 are the imagined texts, one a class
    );
    let by_row = MultinomialNb::params()
        .alpha(0.0)
        .fit(&DatasetView::new(rows.view(), labels.view()))
        .unwrap();
    let sum = |class| -> Vec<f64> {
        (0..23)
            .map(|c| {
                (0..40)
                    .filter(|&r| labels[r] == class)
                    .map(|r| rows[[r, c]])
                    .sum()
            })
            .collect()
    };
    let (spam, ham) = (sum(0), sum(1));
    let (log_spam, log_ham) = fit(&spam, &ham).unwrap();
    assert_eq!(log_spam, log_probabilities(&spam));
    assert_eq!(log_ham, log_probabilities(&ham));
    // linfa keeps its parameters private: unit rows read them out through the joint likelihood.
    let likelihood = by_row.joint_log_likelihood(Array2::eye(23).view());
    for c in 0..23 {
        let theirs = likelihood[&0][c] - (30.0f64 / 40.0).ln();
        assert!(
            (log_spam[c] - theirs).abs() < 1e-12,
            "{} {theirs}",
            log_spam[c]
        );
        let theirs = likelihood[&1][c] - (10.0f64 / 40.0).ln();
        assert!(
            (log_ham[c] - theirs).abs() < 1e-12,
            "{} {theirs}",
            log_ham[c]
        );
    }
}

#[test]
fn linfa_and_the_formula_train_the_same_model() {
    let examples = community(40);
    let by_linfa = trained(
        &examples,
        &Options {
            starter: false,
            ..Options::default()
        },
    );
    assert_eq!(by_linfa.to_bytes(), trained(&examples, &quiet()).to_bytes());
}

#[test]
fn the_starter_weighs_as_linfa_would() {
    let model = Model::starter();
    for part in &model.parts {
        let (log_spam, log_ham) = fit(
            &smoothed(&part.spam_docs, part.smoothing.spam),
            &smoothed(&part.ham_docs, part.smoothing.ham),
        )
        .unwrap();
        assert_eq!(log_spam, part.log_spam);
        assert_eq!(log_ham, part.log_ham);
    }
}

#[test]
fn labels_in_any_order_give_the_same_bytes() {
    let mut examples = community(60);
    examples[3].weight = 0.5;
    examples[10].signals = vec!["@first-comment".into(), "@account:new".into()];
    // The same text with both labels, and twice with one.
    let text = examples[0].text.clone();
    examples.push(Example::new(text.clone(), Label::Ham));
    examples.push(Example::new(text, Label::Spam));
    for starter in [false, true] {
        let options = Options { starter, ..quiet() };
        let bytes = trained(&examples, &options).to_bytes();
        examples.reverse();
        assert_eq!(bytes, trained(&examples, &options).to_bytes());
        examples.rotate_left(17);
        examples[5].signals.reverse();
        assert_eq!(bytes, trained(&examples, &options).to_bytes());
    }
}

#[test]
fn a_model_survives_the_disk_and_a_damaged_one_is_refused() {
    let model = trained(&community(30), &quiet());
    let bytes = model.to_bytes();
    let back = Model::from_bytes(&bytes).unwrap();
    assert_eq!(back, model);
    assert_eq!(back.to_bytes(), bytes);
    assert_eq!(Model::report_of(&bytes).unwrap(), *model.report());
    assert_eq!(Model::from_bytes(b""), Err(ModelError::NotAModel));
    assert_eq!(
        Model::from_bytes(b"potluckF"),
        Err(ModelError::Damaged("too short"))
    );
    for cut in [9, 40, bytes.len() / 2, bytes.len() - 1] {
        assert!(Model::from_bytes(&bytes[..cut]).is_err());
    }
    for at in (8..bytes.len()).step_by(bytes.len() / 50) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(Model::from_bytes(&damaged).is_err(), "byte {at}");
    }
}

/// One model file of each release is kept. It opens, and the same labels still give it, unless the
/// features or the format were changed on purpose: then it is refused with a reason. A new release
/// adds its own: `potluck spam train models/tests/golden/labels.csv --out …/VERSION.model`.
#[test]
fn the_model_of_each_release_opens_and_is_trained_again_to_the_byte() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let labels = labelled::Table::read(&folder.join("labels.csv")).unwrap();
    let examples = labels.into_examples().unwrap();
    let now = train(&examples, &quiet(), &mut |_, _| {}).unwrap().model;
    let mut kept = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        if path
            .extension()
            .is_none_or(|extension| extension != "model")
        {
            continue;
        }
        kept += 1;
        let bytes = std::fs::read(&path).unwrap();
        let this = path.file_stem().unwrap().to_str() == Some(env!("CARGO_PKG_VERSION"));
        match Model::from_bytes(&bytes) {
            Ok(old) => {
                assert_eq!(old.to_bytes(), bytes, "{}", path.display());
                assert!(old.score("Get 77 followers at http://follow7.example/buy", &[]) > 0.9);
                assert!(old.score("The jump feels late, otherwise lovely", &[]) < 0.1);
                assert!(!this || now.to_bytes() == bytes, "trained anew, it differs");
            }
            Err(ModelError::OtherFeatures { .. } | ModelError::OtherFormat(_)) => {
                assert!(
                    !this,
                    "the features changed: keep a new model of this release"
                );
                assert!(Model::report_of(&bytes).is_ok());
            }
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
    assert!(kept > 0);
}

#[test]
fn it_learns_tells_why_and_keeps_its_promises() {
    let model = trained(&community(120), &quiet());
    let spam = "click my channel for cheap followers http://shop1.example/buy";
    let ham = "lovely duck, the controls and the music of this level";
    assert!(model.score(spam, &[]) > 0.9);
    assert!(model.score(ham, &[]) < 0.1);
    let why = model.explain(spam, &[]);
    assert_eq!(why.probability, model.score(spam, &[]));
    assert!(why.spam.len() <= 12 && !why.spam.is_empty());
    assert!(why.spam.windows(2).all(|w| w[0].weight >= w[1].weight));
    assert!(
        why.spam
            .iter()
            .any(|t| t.view == View::Words && t.spam_docs > 0.0)
    );
    assert!(
        why.sentence.starts_with("Looks like spam"),
        "{}",
        why.sentence
    );
    // 120 ham cannot carry either promise.
    let report = model.report();
    assert_eq!(report.thresholds.spam, None);
    assert!(!report.hold_promised);
    assert_eq!(
        (report.ham_missing_to_hold, report.ham_missing_to_put_away),
        (29, 2875)
    );
    assert!(report.own.unwrap().f1_spam > 0.95);
    assert!(report.to_string().contains("2875 more ham labels"));
}

#[test]
fn with_enough_ham_it_puts_away() {
    let mut examples = community(150);
    for i in 0..2900 {
        examples.push(Example::new(
            format!("the duck level music is lovely number {i}"),
            Label::Ham,
        ));
    }
    let model = trained(&examples, &quiet());
    let thresholds = model.thresholds();
    assert!(thresholds.spam.is_some_and(|spam| spam >= thresholds.hold));
    assert!(model.report().ham_put_away <= 0.001);
    assert_eq!(model.verdict(1.0), Decision::Spam);
    assert_eq!(model.verdict(thresholds.hold), Decision::Hold);
    assert_eq!(model.verdict(0.0), Decision::Publish);
}

#[test]
fn signals_of_the_site_count() {
    let mut examples = community(60);
    for example in &mut examples {
        example.text = "thank you for this".into();
        let signal = if example.label == Label::Spam {
            "@account:new"
        } else {
            "@maker"
        };
        example.signals = vec![signal.into()];
    }
    // Equal texts share a fold, so make them differ.
    for (i, example) in examples.iter_mut().enumerate() {
        example.text.push_str(&format!(" {i}"));
    }
    let model = trained(&examples, &quiet());
    assert!(
        model.score("thank you for this", &["@account:new"])
            > model.score("thank you for this", &["@maker"]) + 0.3
    );
}

#[test]
fn without_labels_the_starter_stands_in() {
    let trained = train(&[], &Options::default(), &mut |_, _| {}).unwrap();
    assert!(trained.model.is_starter());
    assert_eq!(trained.model, Model::starter());
    assert_eq!(trained.model.thresholds().spam, None);
    assert!(trained.report.starter.is_some());
    assert!(matches!(
        train(&[], &quiet(), &mut |_, _| {}),
        Err(TrainError::OneClass)
    ));
    let one = [Example::new("a first spam", Label::Spam)];
    assert!(
        !super::train(
            &one,
            &Options {
                quiet: true,
                ..Options::default()
            },
            &mut |_, _| {}
        )
        .unwrap()
        .model
        .is_starter()
    );
    let wrong = [Example {
        weight: f64::NAN,
        ..one[0].clone()
    }];
    assert!(matches!(
        train(&wrong, &quiet(), &mut |_, _| {}),
        Err(TrainError::Weight(_))
    ));
    assert!(starter_weight(1000.0, 5000) < starter_weight(10.0, 5000));
}

#[test]
fn cross_validation_sees_no_test_text() {
    // Labels by coin: nothing can be learned, and nothing may leak.
    let mut examples = community(100);
    for (i, example) in examples.iter_mut().enumerate() {
        example.label = if (i / 2 * 7919 + i % 2) % 2 == 0 {
            Label::Spam
        } else {
            Label::Ham
        };
        example.text = format!("{} thing{}", ["a", "b"][i % 2], i * 31 % 101);
    }
    let examples: Vec<Example> = examples
        .into_iter()
        .enumerate()
        .map(|(i, mut e)| {
            if (i * 2654435761) >> 3 & 1 == 0 {
                e.label = Label::Ham
            } else {
                e.label = Label::Spam
            }
            e
        })
        .collect();
    let metrics = Metrics::of(&cross_validate(&examples, None, 12, &quiet()).unwrap());
    // A leak would lift it; below one half is how left-out coins fall (what a fold has more of, the
    // rest has less of).
    assert!(metrics.auc < 0.65, "{}", metrics.auc);
}

#[test]
fn no_view_speaks_against_its_own_evidence() {
    use super::calibration::{Calibration, Input, Point};
    // The second input agrees with the first but for noise that an unhindered fit would subtract.
    let says = |evidence| {
        [evidence, 0.0, 0.0, 0.0].map(|e| Input {
            evidence: e,
            length: 1.0,
        })
    };
    let points: Vec<Point> = (0..400)
        .map(|i| {
            let spam = i % 2 == 0;
            let (signal, noise) = (if spam { 1.0 } else { -1.0 }, f64::from(i % 7) - 3.0);
            let mut inputs = says(signal + noise);
            inputs[1].evidence = 0.3 * signal + noise;
            Point {
                inputs,
                spam,
                weight: 1.0,
            }
        })
        .collect();
    let curve = Calibration::fit(&points, &Calibration::default(), 0.5);
    assert!(curve.slopes.iter().all(|&slope| slope > 0.0), "{curve:?}");
    let mut both = says(3.0);
    both[1].evidence = 3.0;
    assert!(curve.probability(&both) > 0.5);
    assert!(
        Model::starter()
            .calibration()
            .slopes
            .iter()
            .all(|&slope| slope > 0.0)
    );
}

#[test]
fn the_curve_takes_out_what_length_alone_did() {
    use super::calibration::{Calibration, Input, Point};
    // The longer a text, the more its evidence speaks for ham, whatever it is: the fault of
    // dividing by all that a class wrote, where spam writes more.
    let say = |signal: f64, length: f64| {
        [Input {
            evidence: signal - 1.5 * length,
            length,
        }; 4]
    };
    let points: Vec<Point> = (0..400)
        .map(|i| {
            let spam = i % 2 == 0;
            let signal = if spam { 1.0 } else { -1.0 } + f64::from(i % 5 - 2) / 2.0;
            Point {
                inputs: say(signal, f64::from(i % 7) / 3.0),
                spam,
                weight: 1.0,
            }
        })
        .collect();
    let curve = Calibration::fit(&points, &Calibration::default(), 0.5);
    for length in [0.0, 1.0, 2.0] {
        assert!(
            curve.probability(&say(1.5, length)) > 0.9,
            "{length}: {curve:?}"
        );
        assert!(
            curve.probability(&say(-1.5, length)) < 0.1,
            "{length}: {curve:?}"
        );
    }
    // The starter's texts come from elsewhere; how long texts are is each site's own habit.
    assert_eq!(Model::starter().calibration().lengths, [0.0; 4]);
}

/// All tokens of a text, as `view:token`.
fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    features::Extractor::default().extract(text, &["@maker"], &mut |view, token, _| {
        out.push(format!("{}:{token}", view.name()));
    });
    out
}

fn has(text: &str, token: &str) -> bool {
    tokens(text).iter().any(|t| t == token)
}

#[test]
fn a_disguise_is_undone_and_told() {
    for (text, word, disguise) in [
        ("get fr\u{200b}ee gold", "free", "invisible"),
        ("get fr\u{ad}ee gold", "free", "invisible"),
        ("get ｆｒｅｅ gold", "free", "fancy-letters"),
        ("get 𝐟𝐫𝐞𝐞 gold", "free", "fancy-letters"),
        ("get frее gold", "free", "look-alike"),
        ("get fr33 gold", "free", "leet"),
        ("get f r e e gold", "free", "spaced"),
        ("get f.r.e.e gold", "free", "spaced"),
        ("get freeeeee gold", "free", "stretched"),
        ("get fr\u{7}ee gold", "free", "control"),
        ("duck-shop dot com has gold", "duck", "hidden-address"),
        ("hxxp://duck.example/gold", "@link", "hidden-address"),
    ] {
        let told = format!("signs:@disguise:{disguise}");
        assert!(has(text, &told), "{text:?}: {:?}", tokens(text));
        let seen = tokens(text)
            .iter()
            .any(|t| t.starts_with(&format!("words:{word}")) || *t == format!("signs:{word}"));
        assert!(seen, "{text:?}: {:?}", tokens(text));
    }
    for honest in [
        "get free gold",
        "работа в студии",
        "mp3 and 2nite",
        "a b or c",
        "👩\u{200d}🎨 painted it",
        "naïve café",
    ] {
        assert!(
            !tokens(honest).iter().any(|t| t.contains("@disguise")),
            "{honest:?}: {:?}",
            tokens(honest)
        );
    }
}

#[test]
fn a_russian_word_with_latin_letters_stays_russian() {
    assert!(has("ищу рaбoту", "words:работу"));
    assert!(has("my раypal", "words:paypal"));
}

#[test]
fn addresses_have_a_shape() {
    let text = "see http://www.Shop.example.co.uk/a/b?c=d, or duck.com";
    for token in [
        "@link",
        "@domain:example.co.uk",
        "@tld:uk",
        "@path:query",
        "@links:2",
        "@domain:duck.com",
        "@path:none",
        "@maker",
    ] {
        assert!(
            has(text, &format!("signs:{token}")),
            "{token}: {:?}",
            tokens(text)
        );
    }
    assert!(has("mail duck@pond.example now", "signs:@mail"));
    assert!(!has("great game.Me too", "signs:@link"));
    // Repositories are known by their paths where their host is not.
    assert!(has(
        "see https://duck.example/someone/game/src/main.rs",
        "signs:@link:code-like"
    ));
    // Anybody can name a host so: the words of the address speak all the same.
    assert!(has("see http://git.luxwatch.top/buy", "words:/luxwatch"));
    assert!(has("see http://docs.luxwatch.top/buy", "signs:@link"));
    assert!(has(
        "clone https://duck.example/someone/game.git",
        "signs:@link:code-like"
    ));
    assert!(has("see https://duck.example/src/shop", "signs:@link"));
    // Source code is not a shop window.
    let code = tokens("the source is at https://github.com/someone/duck-game");
    assert!(
        code.contains(&"signs:@link:code".into())
            && code.contains(&"signs:@links:0".into())
            && !code.contains(&"signs:@link".into())
    );
}

#[test]
fn good_words_do_not_drown_spam() {
    let model = trained(&community(200), &quiet());
    let spam = "click my channel for cheap followers and a casino bonus, subscribe for crypto profit, your pills and watches";
    let tail = " lovely jump and level music really physics so duck controls".repeat(4);
    let ham = "lovely jump and level music so duck controls and the menu, my sprite tutorial"
        .to_owned()
        + &tail;
    let (plain, padded, harmless) = (
        model.score(spam, &[]),
        model.score(&format!("{spam}{tail}"), &[]),
        model.score(&ham, &[]),
    );
    assert!(
        plain > 0.95 && padded > harmless + 0.2,
        "{plain} {padded} {harmless}"
    );
}

#[test]
fn promises_follow_the_binomial() {
    use super::evaluation::{allowed_errors, ham_needed, promised_threshold, upper_bound};
    // The rule of three, sharpened.
    assert_eq!((ham_needed(0.001), ham_needed(0.02)), (2995, 149));
    assert_eq!(
        (allowed_errors(2994, 0.001), allowed_errors(2995, 0.001)),
        (None, Some(0))
    );
    // One error needs 4,742 texts at 1 in 1,000 (a table of the Poisson bound says 4,744).
    assert_eq!(
        (allowed_errors(4700, 0.001), allowed_errors(4745, 0.001)),
        (Some(0), Some(1))
    );
    let ham: Vec<f64> = (0..200).map(|i| f64::from(i) / 200.0).collect();
    let threshold = promised_threshold(&ham, 0.02).unwrap();
    assert_eq!(
        ham.iter().filter(|&&p| p >= threshold).count(),
        allowed_errors(200, 0.02).unwrap()
    );
    assert_eq!(promised_threshold(&ham[..100], 0.02), None);
    // One way and the other agree.
    for (n, limit) in [(200, 0.02), (5_000, 0.001), (3_000, 0.02)] {
        let allowed = allowed_errors(n, limit).unwrap() as u64;
        assert!(upper_bound(allowed, n as u64) <= limit, "{n}");
        assert!(upper_bound(allowed + 1, n as u64) > limit, "{n}");
    }
}

#[test]
fn ham_that_the_filter_picked_out_does_not_drive_the_threshold_up() {
    // 300 comments judged whatever their score, and 60 hard ones that people saw for their score.
    let even: Vec<Example> = community(300);
    let mut all = even.clone();
    for i in 0..60 {
        all.push(Example {
            picked: true,
            ..Example::new(
                format!("click my channel for cheap profit {i}, the level and the duck"),
                Label::Ham,
            )
        });
    }
    let fair = trained(&even, &quiet());
    let model = trained(&all, &quiet());
    let naive: Vec<Example> = all
        .iter()
        .map(|e| Example {
            picked: false,
            ..e.clone()
        })
        .collect();
    let naive = trained(&naive, &quiet());
    assert!(fair.report().hold_promised && naive.report().hold_promised);
    // As many again were let through unjudged: the hard ones are a small part of all.
    let mut known = model.clone();
    known.promise(known.report().promises, 10_000);
    assert!(known.thresholds().hold <= naive.thresholds().hold);
    assert!(known.report().ham_held <= 0.02);
    // The promise is about all ham; with none let through, the hard ones are a fifth of it.
    assert!(model.thresholds().hold >= known.thresholds().hold);
    // What is not a fact of the labels is not in the bytes.
    assert_eq!(known.report().silent, 10_000);
    assert_eq!(
        Model::from_bytes(&known.to_bytes())
            .unwrap()
            .report()
            .silent,
        0
    );
}

#[test]
fn figures_agree_with_a_hand_count() {
    use super::evaluation::Scored;
    let scored = |probability, spam| Scored { probability, spam };
    let m = Metrics::of(&[
        scored(0.9, true),
        scored(0.8, false),
        scored(0.6, true),
        scored(0.2, false),
        scored(0.4, true),
    ]);
    assert_eq!(
        (
            m.confusion.spam_as_spam,
            m.confusion.spam_as_ham,
            m.confusion.ham_as_spam,
            m.confusion.ham_as_ham
        ),
        (2, 1, 1, 1)
    );
    assert!((m.f1_spam - 2.0 / 3.0).abs() < 1e-12 && (m.f1_ham - 0.5).abs() < 1e-12);
    assert!((m.auc - 4.0 / 6.0).abs() < 1e-12);
    assert!((m.brier - (0.01 + 0.64 + 0.16 + 0.04 + 0.36) / 5.0).abs() < 1e-12);
}

#[test]
fn a_few_labels_of_one_kind_do_not_blind_the_starter() {
    let ham: Vec<Example> = (0..300)
        .map(|i| Example::new(format!("lovely duck number {i}, thank you"), Label::Ham))
        .collect();
    let model = trained(
        &ham,
        &Options {
            quiet: true,
            ..Options::default()
        },
    );
    assert_eq!(model.calibration(), Model::starter().calibration());
    assert!(
        model.score(
            "Subscribe to my channel and win a free prize, call now http://win.example",
            &[]
        ) > 0.5
    );
}

#[test]
fn the_starter_ships_figures_only() {
    let table = starter::bundled();
    // Features changed? Make the table anew: models/examples/starter.rs.
    assert_eq!(table.report.features_version, FEATURES_VERSION);
    assert!(table.entries.iter().all(|e| e.spam + e.ham >= 5));
    for entry in &table.entries {
        let structural = entry.token.starts_with('@');
        assert!(
            structural || !entry.token.chars().any(char::is_numeric),
            "{}",
            entry.token
        );
        assert!(
            !entry.token.trim_start_matches('@').contains('@') || entry.token.contains(" @"),
            "{}",
            entry.token
        );
    }
    // The table is written as it is read.
    assert_eq!(
        starter::Starter::parse(&table.to_table(&["sources"])).unwrap(),
        *table
    );
    assert_eq!(
        starter::Starter::parse("w\tduck\t1"),
        Err(starter::ParseError {
            line: 1,
            fault: "a field is missing"
        })
    );
    let start = std::time::Instant::now();
    let _ = table.model();
    assert!(start.elapsed().as_secs() < 2);
}

#[test]
fn the_left_out_fifth_is_stable() {
    let out: Vec<bool> = (0..10)
        .map(|i| starter::held_out(&format!(" duck {i}\n")))
        .collect();
    assert_eq!(
        out,
        (0..10)
            .map(|i| starter::held_out(&format!("duck {i}")))
            .collect::<Vec<_>>()
    );
    let share = (0..5000)
        .filter(|i| starter::held_out(&format!("text {i}")))
        .count();
    assert!((900..1150).contains(&share), "{share}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_gets_a_probability(text in "\\PC{0,400}", odd in any::<String>()) {
        let model = Model::starter();
        for text in [&text, &odd] {
            let p = model.score(text, &[]);
            prop_assert!((0.0..=1.0).contains(&p));
            prop_assert_eq!(p, model.explain(text, &[]).probability);
        }
    }

    #[test]
    fn sparse_log_odds_are_linfas(seed in any::<u64>(), repeat in 1usize..400) {
        thread_local! {
            static MODEL: (Model, Vec<MultinomialNb<f64, usize>>) = {
                let model = trained(&community(50), &quiet());
                let linfa = model.parts.iter().map(|part| {
                    let mut sums = Array2::zeros((2, part.len()));
                    for i in 0..part.len() {
                        sums[[0, i]] = part.spam_docs[i] + part.smoothing.spam;
                        sums[[1, i]] = part.ham_docs[i] + part.smoothing.ham;
                    }
                    let classes = Array1::from(vec![0usize, 1]);
                    MultinomialNb::params().alpha(0.0).fit(&DatasetView::new(sums.view(), classes.view())).unwrap()
                }).collect();
                (model, linfa)
            };
        }
        MODEL.with(|(model, linfa)| {
            let some = community(50);
            let mut text = String::new();
            for i in 0..repeat {
                text.push_str(&some[(seed.wrapping_add(i as u64 * 7) % some.len() as u64) as usize].text);
                text.push(' ');
            }
            let found = model.find(&text, &[]);
            let raw = model.raw_log_odds(&found);
            for view in View::ALL {
                let mut row = Array2::zeros((1, model.parts[view as usize].len()));
                for &id in found.ids(view) {
                    row[[0, id as usize]] = 1.0;
                }
                let likelihood = linfa[view as usize].joint_log_likelihood(row.view());
                let theirs = likelihood[&0][0] - likelihood[&1][0];
                // The difference of two large sums: relative to their size.
                let size = likelihood[&0][0].abs().max(1.0);
                prop_assert!((raw[view as usize] - theirs).abs() <= 1e-9 * theirs.abs().max(1e-3) || (raw[view as usize] - theirs).abs() <= 1e-13 * size);
            }
            Ok(())
        })?;
    }
}

#[test]
fn the_newest_fifth_is_judged_as_by_a_model_of_the_older_part() {
    let mut all = community(200);
    for (i, example) in all.iter_mut().enumerate() {
        // Written in another order than they stand here, and some called wrongly.
        example.at = Some((i as i64 * 7_919) % 400);
        if i % 11 == 0 {
            example.label = match example.label {
                Label::Spam => Label::Ham,
                Label::Ham => Label::Spam,
            };
        }
    }
    let told = train(&all, &quiet(), &mut |_, _| {}).unwrap().report.newest;
    let told = told.expect("a newest fifth");
    assert_eq!((told.from, told.metrics.texts), (320, 80));
    let older: Vec<Example> = all
        .iter()
        .filter(|e| e.at < Some(320))
        .map(|e| Example {
            at: None,
            ..e.clone()
        })
        .collect();
    let newest: Vec<&Example> = all.iter().filter(|e| e.at >= Some(320)).collect();
    let model = trained(&older, &quiet());
    let apart = Metrics::of(&score(&model, &newest));
    assert!(apart.auc < 0.99, "too easy to tell anything: {apart:?}");
    // The same weights; only the curve is another, its points being a little better informed.
    assert!(
        (told.metrics.auc - apart.auc).abs() < 0.01,
        "{told:?} {apart:?}"
    );
    assert!(
        (told.metrics.f1_spam - apart.f1_spam).abs() < 0.03,
        "{told:?} {apart:?}"
    );
    assert!(
        (told.metrics.brier - apart.brier).abs() < 0.01,
        "{told:?} {apart:?}"
    );
}

#[test]
fn a_sentence_names_what_is_telling_and_says_when_the_filter_is_unsure() {
    let mut all = community(120);
    for example in &mut all {
        example.text.push_str(" really");
    }
    let model = trained(&all, &quiet());
    let sure = model.explain(
        "cheap followers casino, really, subscribe to my channel",
        &[],
    );
    let telling = ["followers", "casino", "channel"];
    assert!(
        telling.iter().any(|word| sure.sentence.contains(word)),
        "{}",
        sure.sentence
    );
    assert!(!sure.sentence.contains("“really”"), "{}", sure.sentence);
    let ham = ["lovely", "jump", "level", "music", "duck", "boss", "sprite"];
    let spam = [
        "cheap",
        "followers",
        "crypto",
        "casino",
        "loan",
        "watches",
        "bonus",
    ];
    let mut unsure = 0;
    for (h, s) in (1..=ham.len()).flat_map(|h| (1..=spam.len()).map(move |s| (h, s))) {
        let text = format!("{} {}", ham[..h].join(" "), spam[..s].join(" "));
        let why = model.explain(&text, &[]);
        let is_unsure = why.sentence.starts_with("Unsure (");
        assert_eq!(
            is_unsure,
            (0.25..0.75).contains(&why.probability),
            "{}",
            why.sentence
        );
        if is_unsure {
            unsure += 1;
            let (for_it, against) = (
                why.sentence.find(" For spam: "),
                why.sentence.find(" Against: "),
            );
            assert!(for_it.is_some() && for_it < against, "{}", why.sentence);
        }
    }
    assert!(unsure > 0, "no mixture was doubtful");
}
