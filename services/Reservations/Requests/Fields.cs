using System.Buffers;
using Google.Protobuf.WellKnownTypes;
using Metering.Ledger.Accounts;

namespace Metering.Reservations.Requests;

/// <summary>Reads the fields that many requests have.</summary>
internal static class Fields
{
    private static readonly SearchValues<char> UserCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-");

    public static string User(string user) =>
        user.Length is > 0 and <= Limits.User && !user.AsSpan().ContainsAnyExcept(UserCharacters)
            ? user
            : throw RequestRefused.Invalid("user", "1–128 characters of A–Z a–z 0–9 _ . : @ -");

    /// <summary>The id of a command. One dated too far ahead would be remembered for longer than it must (rule 15).</summary>
    public static Guid CommandId(string text, DateTimeOffset now)
    {
        var id = Id("command_id", text);
        return RememberedIds.TimeOf(id) <= (now + RememberedIds.Ahead).ToUnixTimeMilliseconds()
            ? id
            : throw RequestRefused.Invalid("command_id", $"an id dated at most {RememberedIds.Ahead.TotalSeconds:0} s ahead of {now:O}");
    }

    public static Guid ReservationId(string text) => Id("reservation_id", text);

    public static Guid GrantId(string text) => Id("grant_id", text);

    public static Guid ParentId(string text) => Id("parent_id", text);

    /// <summary>A duration between two bounds; absent = none.</summary>
    public static TimeSpan? Duration(string field, Duration? duration, TimeSpan least, TimeSpan most)
    {
        if (duration is null) return null;
        return IsInRange(duration) && duration.ToTimeSpan() is var time && time >= least && time <= most
            ? time
            : throw RequestRefused.Invalid(field, $"{least.TotalSeconds:0} s to {most.TotalSeconds:0} s");
    }

    /// <summary>A moment; absent = none.</summary>
    public static DateTimeOffset? Moment(string field, Timestamp? timestamp)
    {
        if (timestamp is null) return null;
        try
        {
            return timestamp.ToDateTimeOffset();
        }
        catch (InvalidOperationException)
        {
            throw RequestRefused.Invalid(field, "a timestamp of the years 1 to 9999");
        }
    }

    /// <summary>Text that must be there.</summary>
    public static string Text(string field, string text) => text.Length is > 0 and <= Limits.Text
        ? text
        : throw RequestRefused.Invalid(field, $"1–{Limits.Text} characters");

    /// <summary>How many items a page has.</summary>
    public static int PageSize(int asked) => asked switch
    {
        0 => Limits.PageDefault,
        > 0 and <= Limits.PageMost => asked,
        _ => throw RequestRefused.Invalid("page_size", $"1–{Limits.PageMost}, or 0"),
    };

    // 36 characters, lower case, version 7, the variant of RFC 9562: one id has one spelling
    private static Guid Id(string field, string text) =>
        text.Length == 36 && text[14] == '7' && text[19] is '8' or '9' or 'a' or 'b' && !text.AsSpan().ContainsAnyInRange('A', 'Z') &&
        Guid.TryParseExact(text, "D", out var id)
            ? id
            : throw RequestRefused.Invalid(field, "a UUID of version 7: 36 characters, lower case");

    private static bool IsInRange(Duration duration) =>
        Google.Protobuf.WellKnownTypes.Duration.MaxSeconds >= Math.Abs(duration.Seconds) && Math.Abs((long)duration.Nanos) < 1_000_000_000 &&
        Math.Sign(duration.Seconds) * Math.Sign(duration.Nanos) >= 0;
}
