-- For the SQL of sources: text in, text out, so that what cannot be read stays to be rejected with its words.

-- Seconds of a span written as H:M:S.
create macro seconds_of(span) as
    try_cast(split_part(trim(span), ':', 1) as bigint) * 3600
    + try_cast(split_part(trim(span), ':', 2) as bigint) * 60
    + coalesce(try_cast(nullif(split_part(trim(span), ':', 3), '') as bigint), 0);

-- A moment (2026-01-05 09:12, with or without its zone) so many seconds later, as text.
create macro later(moment, seconds, span) as case
    when trim(coalesce(span, '')) = '' then null
    else coalesce(
        cast(try_cast(regexp_extract(moment, '[0-9-]+[ T][0-9:]+') as timestamp) + to_seconds(seconds) as varchar)
            || rtrim(regexp_replace(moment, '^ *[0-9-]+[ T][0-9:]+', '')),
        span
    )
end;
