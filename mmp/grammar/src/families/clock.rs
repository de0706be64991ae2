//! `timezone` and `date` (`mmp.md` section 8.6).

use jiff::{civil, tz::TimeZone};
use mmp_control::{
    Request,
    request::{Date, Live, Timezone},
};
use mmp_model::{InvalidValue, account::UnixTime, time::ZoneName};

use crate::table::{Command, Family, checked, value, word};

/// `timezone`.
pub static TIMEZONE: Family = Family {
    name: "timezone",
    summary: "Show and set the time zone",
    details: &["Every service follows a new zone from the next reboot."],
    commands: &[
        Command::show(&[], "Show the zone", "timezone", |_| Ok(Request::Timezone(Timezone::Show).into())),
        Command::show(&[word("list")], "List all zones", "timezone list", |_| {
            Ok(Request::Timezone(Timezone::List).into())
        }),
        Command::set(
            &[value::<ZoneName>("<Region/City>", "Zone of the IANA database").live(Live::Timezones).part()],
            "Set the zone",
            "timezone Europe/London",
            |v| Ok(Request::Timezone(Timezone::Set(v[0].parse()?)).into()),
        ),
    ],
};

/// `date`.
pub static DATE: Family = Family {
    name: "date",
    summary: "Show and set date and time",
    details: &["Dates are YYYY-MM-DD or MM/DD/YY, times are HH:MM in UTC. For appliances without NTP servers."],
    commands: &[
        Command::show(&[], "Show UTC and local time", "date", |_| Ok(Request::Date(Date::Show).into())),
        Command::set(
            &[
                word("set"),
                checked("<date>", "YYYY-MM-DD or MM/DD/YY", |w| day(w).map(drop)).part(),
                checked("<time>", "HH:MM, in UTC", |w| time(w).map(drop)).part(),
            ],
            "Set the clock",
            "date set 2026-10-05 13:04",
            |v| Ok(Request::Date(Date::Set(unix(day(&v[0])?, time(&v[1])?, &v[0])?)).into()),
        ),
    ],
};

fn unix(day: civil::Date, time: civil::Time, word: &str) -> Result<UnixTime, InvalidValue> {
    let zoned = day.to_datetime(time).to_zoned(TimeZone::UTC).map_err(|_| InvalidValue::new("Invalid date", word))?;
    Ok(zoned.timestamp().as_second())
}

fn day(word: &str) -> Result<civil::Date, InvalidValue> {
    let parsed = match word.split_once('/') {
        Some((month, rest)) => rest.split_once('/').and_then(|(day, year)| {
            Some((2000 + number::<i16>(year, 2..=2)?, number::<i8>(month, 1..=2)?, number::<i8>(day, 1..=2)?))
        }),
        None => word.split_once('-').and_then(|(year, rest)| {
            let (month, day) = rest.split_once('-')?;
            Some((number::<i16>(year, 4..=4)?, number::<i8>(month, 1..=2)?, number::<i8>(day, 1..=2)?))
        }),
    };
    // Before 1970 the kernel's clock cannot be set.
    parsed
        .filter(|(year, ..)| *year >= 1970)
        .and_then(|(year, month, day)| civil::Date::new(year, month, day).ok())
        .ok_or_else(|| InvalidValue::new("Invalid date", word))
}

fn time(word: &str) -> Result<civil::Time, InvalidValue> {
    word.split_once(':')
        .and_then(|(hour, minute)| civil::Time::new(number(hour, 1..=2)?, number(minute, 2..=2)?, 0, 0).ok())
        .ok_or_else(|| InvalidValue::new("Invalid time", word))
}

fn number<T: std::str::FromStr>(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<T> {
    let plain = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(date: &str, clock: &str) -> UnixTime {
        unix(day(date).unwrap(), time(clock).unwrap(), date).unwrap()
    }

    #[test]
    fn both_forms_of_a_date_are_the_same_second() {
        assert_eq!(seconds("2026-10-05", "13:04"), 1_791_205_440);
        assert_eq!(seconds("10/05/26", "13:04"), 1_791_205_440);
        assert_eq!(seconds("1970-01-01", "00:00"), 0);
    }

    #[test]
    fn impossible_dates_and_times_are_refused() {
        for bad in ["2026-02-30", "2026-13-01", "1969-12-31", "02/29/27", "26-10-05", "2026-10", "+026-10-05", "x", ""]
        {
            assert_eq!(day(bad).unwrap_err().to_string(), format!("Invalid date: {bad}"));
        }
        for bad in ["24:00", "13:60", "1304", "13:4", "-1:00", ""] {
            assert_eq!(time(bad).unwrap_err().to_string(), format!("Invalid time: {bad}"));
        }
    }
}
