using Metering.Ledger.Accounts;

namespace Metering.Ledger.Stored;

/// <summary>Writes the events that <see cref="FrequentEvents"/> reads, to the byte as the serializer would.</summary>
internal static class FrequentEventsWriting
{
    // what is larger is the serializer's
    private const int BytesMost = 16 * 1024;

    [ThreadStatic]
    private static byte[]? buffer;

    /// <summary>None: it is not one of them, or has something that only the serializer writes.</summary>
    public static byte[]? TryWrite(LedgerEvent happened)
    {
        var json = new WritingJson(buffer ??= new byte[BytesMost]);
        switch (happened)
        {
            case Reserved e: Write(ref json, e); break;
            case Committed e: Write(ref json, e); break;
            case Refunded { Lines.Count: 0, AdjustsPeriod: null, RestoreUntil: null, Worth: null } e: Write(ref json, e); break;
            case Released e: Write(ref json, e); break;
            case UsageTracked e: Write(ref json, e); break;
            default: return null;
        }
        json.Time(""","at":"""u8, happened.At);
        if (happened.Cause is { } cause) Write(ref json, cause);
        json.Raw("}"u8);
        return json.Written;
    }

    private static void Write(ref WritingJson json, Reserved e)
    {
        json.Id("""{"reservation":"""u8, e.Reservation);
        json.Number(""","assignment":"""u8, e.Assignment);
        json.Number(""","period":"""u8, e.Period);
        json.Time(""","deadline":"""u8, e.Deadline);
        json.Duration(""","grace":"""u8, e.Grace);
        json.List(""","lines":"""u8, e.Lines, Line);
        json.List(""","draws":"""u8, e.Draws, Draw);
        json.IdIfAny(""","parent":"""u8, e.Parent);
    }

    private static void Write(ref WritingJson json, Committed e)
    {
        json.Id("""{"reservation":"""u8, e.Reservation);
        json.Number(""","assignment":"""u8, e.Assignment);
        json.Number(""","period":"""u8, e.Period);
        json.List(""","lines":"""u8, e.Lines, Line);
        json.List(""","draws":"""u8, e.Draws, Draw);
        json.ListIfAny(""","from_parent":"""u8, e.FromParent, Draw);
    }

    private static void Write(ref WritingJson json, Refunded e)
    {
        json.Id("""{"reservation":"""u8, e.Reservation);
        json.Number(""","period":"""u8, e.Period);
        json.Text(""","reason":"""u8, e.Reason);
        json.Raw(""","lines":[]"""u8);
        json.List(""","draws":"""u8, e.Draws, Draw);
        json.IdIfAny(""","to_parent":"""u8, e.ToParent);
    }

    private static void Write(ref WritingJson json, Released e)
    {
        json.Id("""{"reservation":"""u8, e.Reservation);
        json.Text(""","reason":"""u8, NameOf(e.Reason));
        json.List(""","draws":"""u8, e.Draws, Draw);
        json.IdIfAny(""","to_parent":"""u8, e.ToParent);
    }

    private static void Write(ref WritingJson json, UsageTracked e)
    {
        json.Number("""{"assignment":"""u8, e.Assignment);
        json.NumberIfAny(""","period":"""u8, e.Period);
        json.Truth(""","enforced":"""u8, e.Enforced);
        json.Truth(""","unmatched":"""u8, e.Unmatched);
        json.List(""","lines":"""u8, e.Lines, Line);
        json.List(""","draws":"""u8, e.Draws, Draw);
        json.TimeIfAny(""","occurred_at":"""u8, e.OccurredAt);
    }

    private static void Write(ref WritingJson json, Cause cause)
    {
        json.Id(""","cause":{"command":"""u8, cause.Command);
        json.Hash(""","content":"""u8, cause.Content);
        json.Raw("}"u8);
    }

    private static void Line(ref WritingJson json, UsedLine line)
    {
        json.Text("""{"meter":"""u8, line.Meter);
        json.Text(""","unit":"""u8, line.Unit);
        json.Attributes(""","attributes":"""u8, line.Attributes);
        json.Number(""","quantity":"""u8, line.Quantity);
        json.Number(""","overrun":"""u8, line.Overrun);
        json.ListIfAny(""","ratings":"""u8, line.Ratings, Rating);
        json.Raw("}"u8);
    }

    private static void Rating(ref WritingJson json, RatedAmount rating)
    {
        json.Text("""{"group":"""u8, rating.Group);
        json.Number(""","book":"""u8, rating.Book);
        json.Number(""","price":{"nanos":"""u8, rating.Price.Nanos);
        json.Number(""","per":"""u8, rating.Price.Per);
        json.Number("""},"markup_ppm":"""u8, rating.MarkupPpm);
        json.Number(""","amount":"""u8, rating.Amount);
        json.Raw("}"u8);
    }

    private static void Draw(ref WritingJson json, Draw draw)
    {
        json.Text("""{"group":"""u8, draw.Group);
        json.Number(""","since":"""u8, draw.Since);
        json.Time(""","start":"""u8, draw.Start);
        json.Time(""","end":"""u8, draw.End);
        json.List(""","parts":"""u8, draw.Parts, Part);
        json.Number(""","left":"""u8, draw.Left);
        json.Raw("}"u8);
    }

    private static string NameOf(Bucket bucket) => bucket switch
    {
        Bucket.Rollover => "rollover",
        Bucket.Quota => "quota",
        Bucket.Credit => "credit",
        Bucket.Overage => "overage",
        _ => throw new ArgumentOutOfRangeException(nameof(bucket), bucket, "no such bucket"),
    };

    private static string NameOf(ReleaseReason reason) => reason switch
    {
        ReleaseReason.Released => "released",
        ReleaseReason.Expired => "expired",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "no such reason"),
    };

    private static void Part(ref WritingJson json, Part part)
    {
        json.Text("""{"bucket":"""u8, NameOf(part.Bucket));
        json.Number(""","amount":"""u8, part.Amount);
        json.IdIfAny(""","grant":"""u8, part.Grant);
        json.Raw("}"u8);
    }
}
