using System.Buffers;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Metering.Kernel.Grpc;

namespace Metering.Balances.Queries;

/// <summary>The fields of requests, checked: what is wrong is refused with the field's path and what was expected.</summary>
internal static class Requests
{
    private const int LimitMost = 1_000;
    private const int LimitDefault = 100;
    private const int UserLength = 128;
    private static readonly SearchValues<char> UserCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-");

    public static string User(string user, string field = "user")
    {
        const string expected = "1 to 128 characters of A-Z a-z 0-9 _ . : @ -";
        if (user.Length is 0 or > UserLength) throw RpcErrors.Invalid(field, expected, $"it has {user.Length} characters");
        var wrong = user.AsSpan().IndexOfAnyExcept(UserCharacters);
        return wrong < 0 ? user : throw RpcErrors.Invalid(field, expected, $"character {wrong + 1} is none of them");
    }

    public static int Limit(int limit, string field) => limit switch
    {
        0 => LimitDefault,
        >= 1 and <= LimitMost => limit,
        _ => throw RpcErrors.Invalid(field, $"1 to {LimitMost}, or 0 for {LimitDefault}", $"it is {limit}"),
    };

    public static long Revision(long revision) =>
        revision >= 0 ? revision : throw RpcErrors.Invalid("from_revision", "0 or more", $"it is {revision}");

    /// <summary>The user that the page before ended with; none for the first page.</summary>
    public static string? AfterUser(string token) => token.Length == 0 ? null : User(token, "page_token");

    /// <summary>The number of the period that the page before ended with; 0 for the first page.</summary>
    public static int AfterPeriod(string token)
    {
        if (token.Length == 0) return 0;
        return int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw RpcErrors.Invalid("page_token", "next_page_token of the page before", "it is not one");
    }

    public static DateTimeOffset Past(Timestamp? at, DateTimeOffset now)
    {
        const string expected = "a moment that has passed";
        if (at is null) throw RpcErrors.Invalid("at", expected, "it is missing");
        if (!IsValid(at)) throw RpcErrors.Invalid("at", expected, "it is no valid timestamp");
        var moment = at.ToDateTimeOffset();
        return moment <= now ? moment : throw RpcErrors.Invalid("at", expected, $"it is {moment:O}, now is {now:O}");
    }

    private static bool IsValid(Timestamp at) =>
        at.Nanos is >= 0 and < 1_000_000_000
        && at.Seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && at.Seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds();
}
