using System.Buffers;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Metering.Kernel.Deciding;
using Metering.Kernel.Grpc;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Catalog;

namespace Metering.Balances.Queries;

/// <summary>The fields of requests, checked: what is wrong is refused with the field's path and what was expected.</summary>
internal static class Requests
{
    private const int LimitMost = 1_000;
    private const int LimitDefault = 100;
    private const int UserLength = 128;
    private const int LinesMost = 64;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
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

    public static long Revision(long revision, string field, long least = 0) =>
        revision >= least ? revision : throw RpcErrors.Invalid(field, $"{least} or more", $"it is {revision}");

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

    /// <summary>A reservation's id, or a Track's command id.</summary>
    public static Guid Reservation(string text, string field = "reservation_id") =>
        text.Length == 36 && text[14] == '7' && Guid.TryParseExact(text, "D", out var id)
            ? id
            : throw RpcErrors.Invalid(field, "a UUID of version 7: 36 characters", $"it is {Shown(text)}");

    /// <summary>Lines as a Reserve takes them, with their prices in every book in force between two moments.</summary>
    public static Items<AskedLine> Lines(IReadOnlyList<V1.Line> lines, CatalogState catalog, DateTimeOffset from, DateTimeOffset upto)
    {
        if (lines.Count is 0 or > LinesMost) throw RpcErrors.Invalid("lines", $"1 to {LinesMost} lines", $"there are {lines.Count}");
        return lines.Select((line, i) => Line(line, $"lines[{i}]", catalog, from, upto)).ToItems();
    }

    /// <summary>A hash that was published; none: there is none to compare with.</summary>
    public static PublishedHash? Published(V1.PublishedHash? published)
    {
        if (published is null) return null;
        if (published.Revision < 0) throw RpcErrors.Invalid("published.revision", "0 or more", $"it is {published.Revision}");
        return published.Hash.Length == 64 && !published.Hash.AsSpan().ContainsAnyExcept(HexDigits)
            ? new PublishedHash(published.Revision, published.Hash)
            : throw RpcErrors.Invalid("published.hash", "64 hexadecimal digits, lower case", $"it is {Shown(published.Hash)}");
    }

    private static AskedLine Line(V1.Line line, string field, CatalogState catalog, DateTimeOffset from, DateTimeOffset upto)
    {
        if (line.Quantity < 1) throw RpcErrors.Invalid($"{field}.quantity", "1 or more", $"it is {line.Quantity}");
        var meter = catalog.Meter(line.Meter) ?? throw RpcErrors.Invalid($"{field}.meter", "a declared meter", $"{Shown(line.Meter)} is not");
        var attributes = Attributes.Of(line.Attributes);
        if (AttributeRules.Problem(attributes) is { } expected) throw RpcErrors.Invalid($"{field}.attributes", expected, "they are not");
        return new AskedLine(meter.Name, meter.Unit, attributes, line.Quantity, catalog.Rates(meter.Name, attributes, from, upto));
    }

    // it comes back in a header of limited size
    private static string Shown(string text) => text.Length <= 128 ? $"'{text}'" : $"'{text[..128]}…'";

    private static bool IsValid(Timestamp at) =>
        at.Nanos is >= 0 and < 1_000_000_000
        && at.Seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && at.Seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds();
}
