//! The tables as diesel sees them, the same on both databases.
//! Order of columns is that of the migrations; `tests/schema.rs` selects every one on both.

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        username_key -> Text,
        email -> Text,
        email_key -> Text,
        confirmed_at -> Nullable<Timestamp>,
        password_hash -> Text,
        display_name -> Text,
        bio -> Text,
        bio_html -> Text,
        role -> Text,
        suspended_until -> Nullable<Timestamp>,
        suspended_reason -> Text,
        network -> Text,
        created_at -> Timestamp,
        robot -> Bool,
        locked_out_until -> Nullable<Timestamp>,
        warning_id -> Nullable<BigInt>,
        digest -> Bool,
        avatar -> Nullable<Text>,
        tell_mentions -> Bool,
        tell_replies -> Bool,
        tell_comments -> Bool,
        tell_by_mail -> Bool,
        followers -> Integer,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        user_id -> BigInt,
        token_hash -> Text,
        user_agent -> Text,
        created_at -> Timestamp,
        seen_at -> Timestamp,
        expires_at -> Timestamp,
        network -> Text,
    }
}

diesel::table! {
    links (id) {
        id -> BigInt,
        user_id -> Nullable<BigInt>,
        purpose -> Text,
        token_hash -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    hits (id) {
        id -> BigInt,
        bucket -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    models (id) {
        id -> BigInt,
        kind -> Text,
        features_version -> Integer,
        bytes -> Binary,
        sha256 -> Text,
        report -> Text,
        spam_labels -> Integer,
        ham_labels -> Integer,
        active -> Bool,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        facts -> Text,
    }
}

diesel::table! {
    items (id) {
        id -> BigInt,
        kind -> Text,
        author_id -> BigInt,
        project_id -> Nullable<BigInt>,
        state -> Text,
        queue -> Nullable<Text>,
        why -> Text,
        evidence -> Text,
        score -> Nullable<Double>,
        model_id -> Nullable<BigInt>,
        version -> Integer,
        reports -> Integer,
        looked_at -> Nullable<Timestamp>,
        network -> Text,
        created_at -> Timestamp,
        published_at -> Nullable<Timestamp>,
        erase_at -> Nullable<Timestamp>,
        sampled -> Bool,
        script -> Text,
        newcomer -> Bool,
        by_maker -> Bool,
        report_weight -> Double,
        views -> Integer,
        simhash -> Nullable<BigInt>,
        campaign_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    item_domains (domain, item_id) {
        domain -> Text,
        item_id -> BigInt,
    }
}

diesel::table! {
    revisions (id) {
        id -> BigInt,
        item_id -> BigInt,
        number -> Integer,
        state -> Text,
        content -> Text,
        text -> Text,
        text_hash -> Text,
        signals -> Text,
        steps -> Text,
        score -> Nullable<Double>,
        model_id -> Nullable<BigInt>,
        created_at -> Timestamp,
        unseen -> Nullable<Double>,
    }
}

diesel::table! {
    marks (name) {
        name -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    pictures (id) {
        id -> BigInt,
        owner_id -> BigInt,
        key -> Text,
        extension -> Text,
        width -> Integer,
        height -> Integer,
        alt -> Text,
        created_at -> Timestamp,
        veiled -> Bool,
    }
}

diesel::table! {
    projects (id) {
        id -> BigInt,
        slug -> Text,
        owner_id -> BigInt,
        title -> Text,
        summary -> Text,
        description -> Text,
        description_html -> Text,
        kind -> Text,
        comment_policy -> Text,
        approve_first -> Bool,
        closed -> Bool,
        picture_id -> Nullable<BigInt>,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        unlisted -> Bool,
        secret -> Nullable<Text>,
        mature -> Bool,
        mature_by -> Nullable<BigInt>,
        feedback_open -> Bool,
        followers -> Integer,
        favourites -> Integer,
        awards -> Integer,
    }
}

diesel::table! {
    project_makers (project_id, user_id) {
        project_id -> BigInt,
        user_id -> BigInt,
        joined_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    maker_invitations (project_id, user_id) {
        project_id -> BigInt,
        user_id -> BigInt,
        by_id -> BigInt,
        created_at -> Timestamp,
        declined_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    old_slugs (slug) {
        slug -> Text,
        project_id -> BigInt,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    project_links (id) {
        id -> BigInt,
        project_id -> BigInt,
        kind -> Text,
        url -> Text,
    }
}

diesel::table! {
    project_tags (project_id, tag) {
        project_id -> BigInt,
        tag -> Text,
    }
}

diesel::table! {
    releases (id) {
        id -> BigInt,
        project_id -> BigInt,
        version -> Text,
        notes -> Text,
        notes_html -> Text,
        url -> Text,
        released_at -> Timestamp,
        prerelease -> Bool,
        edited_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    release_links (id) {
        id -> BigInt,
        release_id -> BigInt,
        system -> Text,
        url -> Text,
    }
}

diesel::table! {
    deletions (item_id) {
        item_id -> BigInt,
        by_id -> BigInt,
        at -> Timestamp,
        before -> Text,
    }
}

diesel::table! {
    threads (id) {
        id -> BigInt,
        project_id -> Nullable<BigInt>,
        comment_count -> Integer,
        created_at -> Timestamp,
        pinned_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    comments (id) {
        id -> BigInt,
        thread_id -> BigInt,
        parent_id -> Nullable<BigInt>,
        root_id -> BigInt,
        author_id -> BigInt,
        body -> Text,
        body_html -> Text,
        created_at -> Timestamp,
        edited_at -> Nullable<Timestamp>,
        folded_at -> Nullable<Timestamp>,
        helped_at -> Nullable<Timestamp>,
        release_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    reports (id) {
        id -> BigInt,
        item_id -> BigInt,
        reporter_id -> BigInt,
        reason -> Text,
        note -> Text,
        created_at -> Timestamp,
        closed_by -> Nullable<BigInt>,
        picture_id -> Nullable<BigInt>,
        weight -> Double,
        repeated -> Integer,
        told_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    batches (id) {
        id -> BigInt,
        by_id -> BigInt,
        verdict -> Text,
        reason -> Text,
        created_at -> Timestamp,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<BigInt>,
        phase -> Text,
        position -> BigInt,
        total -> Integer,
        skipped -> Integer,
        kinds -> Text,
        told_to -> BigInt,
    }
}

diesel::table! {
    verdicts (id) {
        id -> BigInt,
        batch_id -> BigInt,
        item_id -> BigInt,
        revision_id -> Nullable<BigInt>,
        by_id -> BigInt,
        verdict -> Text,
        reason -> Text,
        label -> Nullable<Text>,
        weight -> Double,
        score -> Nullable<Double>,
        model_id -> Nullable<BigInt>,
        before -> Text,
        version_after -> Integer,
        created_at -> Timestamp,
        undone_at -> Nullable<Timestamp>,
        state_before -> Nullable<Text>,
        state_after -> Nullable<Text>,
        news -> Nullable<Text>,
    }
}

diesel::table! {
    log (id) {
        id -> BigInt,
        at -> Timestamp,
        actor_id -> Nullable<BigInt>,
        act -> Text,
        item_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        batch_id -> Nullable<BigInt>,
        detail -> Text,
        sanction_id -> Nullable<BigInt>,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        why -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        payload -> Text,
        run_at -> Timestamp,
        attempts -> Integer,
        last_error -> Text,
        dead_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    settings (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    changes (name) {
        name -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    label_imports (id) {
        id -> BigInt,
        name -> Text,
        spam -> Integer,
        ham -> Integer,
        weight -> Double,
        created_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        undone_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    imported_labels (id) {
        id -> BigInt,
        import_id -> BigInt,
        text -> Text,
        text_hash -> Text,
        label -> Text,
        written_at -> Nullable<Timestamp>,
        dropped_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    settled_contradictions (spam_hash, ham_hash) {
        spam_hash -> Text,
        ham_hash -> Text,
        by_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    filter_weeks (week) {
        week -> Timestamp,
        decided -> Integer,
        overturned -> Integer,
        texts -> Integer,
        unseen -> Nullable<Double>,
        scores -> Text,
        counted_at -> Timestamp,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        until -> Timestamp,
        note -> Text,
    }
}

diesel::table! {
    sanctions (id) {
        id -> BigInt,
        user_id -> BigInt,
        by_id -> BigInt,
        kind -> Text,
        scope -> Nullable<Text>,
        reason -> Text,
        texts -> Nullable<Integer>,
        texts_left -> Nullable<Integer>,
        until -> Nullable<Timestamp>,
        read_at -> Nullable<Timestamp>,
        told_at -> Nullable<Timestamp>,
        batch_id -> Nullable<BigInt>,
        created_at -> Timestamp,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    person_notes (id) {
        id -> BigInt,
        user_id -> BigInt,
        by_id -> BigInt,
        text -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    claims (item_id) {
        item_id -> BigInt,
        user_id -> BigInt,
        until -> Timestamp,
        since -> Timestamp,
    }
}

diesel::table! {
    desk_habits (user_id) {
        user_id -> BigInt,
        keys -> Text,
        one_at_a_time -> Bool,
        blur -> Bool,
        break_after -> Integer,
    }
}

diesel::table! {
    rules (id) {
        id -> BigInt,
        kind -> Text,
        pattern -> Text,
        number -> Integer,
        outcome -> Text,
        note -> Text,
        by_id -> BigInt,
        created_at -> Timestamp,
        until -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
        turned_away -> Integer,
    }
}

diesel::table! {
    rule_hits (rule_id, item_id) {
        rule_id -> BigInt,
        item_id -> BigInt,
        at -> Timestamp,
    }
}

diesel::table! {
    item_addresses (item_id) {
        item_id -> BigInt,
        address -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    maker_acts (id) {
        id -> BigInt,
        item_id -> BigInt,
        project_id -> BigInt,
        by_id -> BigInt,
        kind -> Text,
        created_at -> Timestamp,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<BigInt>,
        overruled -> Bool,
    }
}

diesel::table! {
    blocks (id) {
        id -> BigInt,
        by_id -> BigInt,
        user_id -> BigInt,
        comment_id -> Nullable<BigInt>,
        created_at -> Timestamp,
        lifted_at -> Nullable<Timestamp>,
        lifted_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    removal_reasons (key) {
        key -> Text,
        label -> Text,
        sentence -> Text,
        letter -> Text,
        guide -> Text,
        position -> Integer,
        retired_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    profile_reports (id) {
        id -> BigInt,
        user_id -> BigInt,
        reporter_id -> BigInt,
        reason -> Text,
        note -> Text,
        created_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        closed_by -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        told_at -> Nullable<Timestamp>,
        repeated -> Integer,
    }
}

diesel::table! {
    appeals (id) {
        id -> BigInt,
        item_id -> BigInt,
        author_id -> BigInt,
        words -> Text,
        verdict_id -> Nullable<BigInt>,
        created_at -> Timestamp,
        closed_by -> Nullable<BigInt>,
        by_id -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        answer -> Text,
        decided_at -> Nullable<Timestamp>,
        told_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    desk_days (day) {
        day -> Timestamp,
        texts -> Integer,
        published_alone -> Integer,
        put_away_alone -> Integer,
        ham -> Integer,
        spam -> Integer,
        removed -> Integer,
        looked_at -> Integer,
        reversed -> Integer,
        undone -> Integer,
        changed -> Integer,
        flagged -> Integer,
        flagged_spam -> Integer,
        drawn -> Integer,
        drawn_spam -> Integer,
        counted_at -> Timestamp,
    }
}

diesel::table! {
    campaigns (id) {
        id -> BigInt,
        items -> Integer,
        opened_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        last_at -> Timestamp,
        held_until -> Nullable<Timestamp>,
        held_by -> Nullable<BigInt>,
        batch_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    item_bands (band, item_id) {
        band -> Integer,
        item_id -> BigInt,
        simhash -> BigInt,
    }
}

diesel::table! {
    search_texts (place) {
        place -> BigInt,
        doc -> BigInt,
    }
}

diesel::table! {
    search_progress (name) {
        name -> Text,
        position -> BigInt,
    }
}

diesel::table! {
    search_words (word) {
        word -> Text,
        letters -> Integer,
        texts -> Integer,
    }
}

diesel::table! {
    project_ranks (project_id) {
        project_id -> BigInt,
        waiting -> BigInt,
        helped -> Integer,
        rated -> Integer,
    }
}

diesel::table! {
    tag_merges (id) {
        id -> BigInt,
        tag -> Text,
        target -> Text,
        by_id -> BigInt,
        created_at -> Timestamp,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    tag_merged (merge_id, project_id) {
        merge_id -> BigInt,
        project_id -> BigInt,
        had_both -> Bool,
    }
}

diesel::table! {
    profiles (id) {
        id -> BigInt,
        user_id -> BigInt,
        links -> Text,
        picture_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    ignores (by_id, user_id) {
        by_id -> BigInt,
        user_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    notices (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        #[sql_name = "comment_id"]
        item_id -> BigInt,
        created_at -> Timestamp,
        read_at -> Nullable<Timestamp>,
        mailed_at -> Nullable<Timestamp>,
        due_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    project_roles (project_id, role) {
        project_id -> BigInt,
        role -> Text,
    }
}

diesel::table! {
    join_requests (id) {
        id -> BigInt,
        project_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        words -> Text,
        state -> Text,
        created_at -> Timestamp,
        answered_at -> Nullable<Timestamp>,
        answered_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    join_notices (id) {
        id -> BigInt,
        request_id -> BigInt,
        user_id -> BigInt,
        created_at -> Timestamp,
        read_at -> Nullable<Timestamp>,
        mailed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    project_shots (picture_id) {
        picture_id -> BigInt,
        project_id -> BigInt,
        position -> Integer,
        caption -> Text,
    }
}

diesel::table! {
    forge_follows (project_id) {
        project_id -> BigInt,
        user_id -> BigInt,
        software -> Text,
        host -> Text,
        path -> Text,
        shows_changes -> Bool,
        hidden_by -> Nullable<BigInt>,
        created_at -> Timestamp,
        next_at -> Nullable<Timestamp>,
        wait_until -> Nullable<Timestamp>,
        failures -> Integer,
        asked_at -> Timestamp,
        came_at -> Nullable<Timestamp>,
        said -> Text,
        error -> Text,
        known_releases -> Text,
        known_changes -> Text,
        changes -> Text,
        changes_held -> Text,
    }
}

diesel::table! {
    forge_releases (project_id, source, tag) {
        project_id -> BigInt,
        source -> Text,
        tag -> Text,
        release_id -> BigInt,
        software -> Text,
        imported -> Bool,
        digest -> Text,
        kept -> Bool,
        gone_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    link_proofs (user_id, url) {
        user_id -> BigInt,
        url -> Text,
        proved_at -> Nullable<Timestamp>,
        checked_at -> Nullable<Timestamp>,
        next_at -> Timestamp,
        failures -> Integer,
        error -> Text,
    }
}

diesel::table! {
    site_texts (id) {
        id -> BigInt,
        name -> Text,
        body -> Nullable<Text>,
        by_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    good_reviews (id) {
        id -> BigInt,
        comment_id -> BigInt,
        author_id -> BigInt,
        by_id -> BigInt,
        created_at -> Timestamp,
        consented -> Nullable<Bool>,
        answered_at -> Nullable<Timestamp>,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    articles (id) {
        id -> BigInt,
        by_id -> BigInt,
        title -> Text,
        url -> Text,
        why -> Text,
        state -> Text,
        created_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    gravatars (user_id) {
        user_id -> BigInt,
        picture_id -> Nullable<BigInt>,
        refused -> Bool,
        asked_at -> Timestamp,
    }
}

diesel::table! {
    old_numbers (number) {
        number -> BigInt,
        project_id -> BigInt,
    }
}

diesel::table! {
    reactions (item_id, user_id, sign) {
        item_id -> BigInt,
        user_id -> BigInt,
        sign -> Text,
        counts -> Bool,
        created_at -> Timestamp,
    }
}

diesel::table! {
    reaction_counts (item_id, sign) {
        item_id -> BigInt,
        sign -> Text,
        n -> Integer,
    }
}

diesel::table! {
    project_aspects (project_id, aspect) {
        project_id -> BigInt,
        aspect -> Text,
    }
}

diesel::table! {
    release_questions (release_id, number) {
        release_id -> BigInt,
        number -> Integer,
        question -> Text,
    }
}

diesel::table! {
    ratings (id) {
        id -> BigInt,
        project_id -> BigInt,
        user_id -> BigInt,
        release_id -> Nullable<BigInt>,
        comment_id -> Nullable<BigInt>,
        answers_id -> Nullable<BigInt>,
        is_newest -> Bool,
        counts -> Bool,
        network -> Text,
        created_at -> Timestamp,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    rating_steps (rating_id, aspect) {
        rating_id -> BigInt,
        aspect -> Text,
        step -> Integer,
    }
}

diesel::table! {
    rating_counts (project_id, aspect, step) {
        project_id -> BigInt,
        aspect -> Text,
        step -> Integer,
        n -> Integer,
    }
}

diesel::table! {
    rating_hints (id) {
        id -> BigInt,
        project_id -> Nullable<BigInt>,
        people -> Text,
        found_at -> Timestamp,
    }
}

diesel::table! {
    mail_wishes (user_id, topic) {
        user_id -> BigInt,
        topic -> Text,
        rate -> Text,
    }
}

diesel::table! {
    thread_mutes (user_id, project_id) {
        user_id -> BigInt,
        project_id -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    project_follows (user_id, project_id) {
        user_id -> BigInt,
        project_id -> BigInt,
        created_at -> Timestamp,
        counts -> Bool,
    }
}

diesel::table! {
    person_follows (user_id, person_id) {
        user_id -> BigInt,
        person_id -> BigInt,
        created_at -> Timestamp,
        counts -> Bool,
    }
}

diesel::table! {
    tag_follows (user_id, tag) {
        user_id -> BigInt,
        tag -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    favourites (user_id, project_id) {
        user_id -> BigInt,
        project_id -> BigInt,
        public -> Bool,
        counts -> Bool,
        created_at -> Timestamp,
        chosen_at -> Timestamp,
    }
}

diesel::table! {
    liked_also (project_id, other_id) {
        project_id -> BigInt,
        other_id -> BigInt,
        people -> Integer,
    }
}

diesel::table! {
    failure_groups (id) {
        id -> BigInt,
        project_id -> BigInt,
        signature -> Text,
        state -> Text,
        closed -> Bool,
        fixed_in -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        people -> Integer,
        last_at -> Timestamp,
    }
}

diesel::table! {
    failures (id) {
        id -> BigInt,
        group_id -> BigInt,
        release_id -> Nullable<BigInt>,
        system -> Text,
        system_version -> Text,
        words -> Text,
        words_html -> Text,
        trace -> Text,
        headline -> Text,
        created_at -> Timestamp,
        edited_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    failure_answers (id) {
        id -> BigInt,
        group_id -> BigInt,
        words -> Text,
        words_html -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    awards (id) {
        id -> BigInt,
        project_id -> BigInt,
        giver_id -> BigInt,
        name -> Text,
        mark -> Text,
        why -> Text,
        why_html -> Text,
        created_at -> Timestamp,
        declined_at -> Nullable<Timestamp>,
        declined_by -> Nullable<BigInt>,
    }
}

diesel::joinable!(imported_labels -> label_imports (import_id));
diesel::joinable!(comments -> items (id));
diesel::joinable!(comments -> users (author_id));
diesel::joinable!(comments -> threads (thread_id));
diesel::joinable!(projects -> items (id));
diesel::joinable!(projects -> users (owner_id));
diesel::joinable!(project_makers -> projects (project_id));
diesel::joinable!(project_makers -> users (user_id));
diesel::joinable!(maker_invitations -> projects (project_id));
diesel::joinable!(project_tags -> projects (project_id));
diesel::joinable!(project_roles -> projects (project_id));
diesel::joinable!(project_shots -> projects (project_id));
diesel::joinable!(project_shots -> pictures (picture_id));
diesel::joinable!(join_requests -> projects (project_id));
diesel::joinable!(join_requests -> users (user_id));
diesel::joinable!(join_notices -> join_requests (request_id));
diesel::joinable!(project_links -> projects (project_id));
diesel::joinable!(releases -> projects (project_id));
diesel::joinable!(releases -> items (id));
diesel::joinable!(release_links -> releases (release_id));
diesel::joinable!(deletions -> items (item_id));
diesel::joinable!(threads -> projects (project_id));
diesel::joinable!(item_domains -> items (item_id));
diesel::joinable!(revisions -> items (item_id));
diesel::joinable!(reports -> items (item_id));
diesel::joinable!(verdicts -> items (item_id));
diesel::joinable!(verdicts -> batches (batch_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(items -> users (author_id));
diesel::joinable!(rule_hits -> items (item_id));
diesel::joinable!(item_addresses -> items (item_id));
diesel::joinable!(appeals -> items (item_id));
diesel::joinable!(gravatars -> users (user_id));
diesel::joinable!(gravatars -> pictures (picture_id));
diesel::joinable!(old_numbers -> projects (project_id));
diesel::joinable!(forge_releases -> releases (release_id));
diesel::joinable!(rating_steps -> ratings (rating_id));
diesel::joinable!(ratings -> users (user_id));
diesel::joinable!(failures -> items (id));
diesel::joinable!(failures -> failure_groups (group_id));
diesel::joinable!(failure_answers -> items (id));
diesel::joinable!(awards -> items (id));

diesel::allow_tables_to_appear_in_same_query!(
    users,
    sessions,
    links,
    hits,
    models,
    items,
    item_domains,
    revisions,
    pictures,
    projects,
    project_makers,
    maker_invitations,
    old_slugs,
    project_links,
    project_tags,
    releases,
    release_links,
    deletions,
    threads,
    comments,
    reports,
    batches,
    verdicts,
    log,
    jobs,
    settings,
    changes,
    label_imports,
    imported_labels,
    settled_contradictions,
    filter_weeks,
    leases,
    marks,
    sanctions,
    person_notes,
    claims,
    desk_habits,
    rules,
    rule_hits,
    item_addresses,
    maker_acts,
    blocks,
    removal_reasons,
    profile_reports,
    appeals,
    desk_days,
    campaigns,
    item_bands,
    search_texts,
    search_progress,
    search_words,
    project_ranks,
    tag_merges,
    tag_merged,
    profiles,
    ignores,
    notices,
    project_roles,
    join_requests,
    join_notices,
    project_shots,
    site_texts,
    good_reviews,
    articles,
    forge_follows,
    forge_releases,
    link_proofs,
    gravatars,
    old_numbers,
    reactions,
    reaction_counts,
    project_aspects,
    release_questions,
    ratings,
    rating_steps,
    rating_counts,
    rating_hints,
    project_follows,
    person_follows,
    mail_wishes,
    thread_mutes,
    tag_follows,
    favourites,
    liked_also,
    failure_groups,
    failures,
    failure_answers,
    awards,
);

diesel::allow_columns_to_appear_in_same_group_by_clause!(verdicts::batch_id, items::kind);
diesel::allow_columns_to_appear_in_same_group_by_clause!(reports::reporter_id, verdicts::verdict,);
