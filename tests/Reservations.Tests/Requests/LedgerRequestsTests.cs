using Google.Protobuf.WellKnownTypes;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Reservations.Requests;
using static Metering.Reservations.Tests.Samples;

namespace Metering.Reservations.Tests.Requests;

public sealed class LedgerRequestsTests
{
    private static readonly string Reservation = Id();

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return Row("command_id", Reserve(Line()), request => request.CommandId = "");
        yield return Row("command_id", Reserve(Line()), request => request.CommandId = request.CommandId.ToUpperInvariant());
        yield return Row("command_id", Reserve(Line()), request => request.CommandId = "0193a1f2-6c1e-4b3a-9d52-1c2f3a4b5c6d");
        yield return Row("command_id", Reserve(Line()), request => request.CommandId = "0193a1f2-6c1e-7b3a-cd52-1c2f3a4b5c6d");
        yield return Row("command_id", Reserve(Line()), request => request.CommandId = "0193a1f26c1e7b3a9d521c2f3a4b5c6d");
        yield return Row("command_id", Reserve(Line()), request => request.CommandId = Id(TimeSpan.FromSeconds(60.001)));
        yield return Row("lines", Reserve());
        yield return Row("lines", Reserve([.. Enumerable.Range(0, 65).Select(i => Line(attributes: ("i", $"{i}")))]));
        yield return Row("lines[1].meter", Reserve(Line(), Line("llm.other")));
        yield return Row("lines[0].quantity", Reserve(Line(quantity: 0)));
        yield return Row("lines[0].quantity", Reserve(Line(quantity: -1)));
        yield return Row("lines[1].quantity", Reserve(Line("image.render"), Line(quantity: 1_000_000_000_000_001)));
        yield return Row("lines[1]", Reserve(Line(attributes: [("a", "1"), ("b", "2")]), Line(attributes: [("b", "2"), ("a", "1")])));
        yield return Row("lines[0].attributes", Reserve(Line(attributes: ("", "x"))));
        yield return Row("lines[0].attributes", Reserve(Line(attributes: (new('k', 65), "x"))));
        yield return Row("lines[0].attributes", Reserve(Line(attributes: ("k", new('x', 129)))));
        yield return Row("lines[0].attributes", Reserve(Line(attributes: [.. Enumerable.Range(0, 17).Select(i => ($"{i}", ""))])));
        yield return Row("time_to_live", Reserve(Line()), request => request.TimeToLive = Seconds(0.999));
        yield return Row("time_to_live", Reserve(Line()), request => request.TimeToLive = Seconds(86_400.001));
        yield return Row("time_to_live", Reserve(Line()), request => request.TimeToLive = new Duration { Seconds = long.MaxValue });
        yield return Row("time_to_live", Reserve(Line()), request => request.TimeToLive = new Duration { Seconds = 5, Nanos = -1 });
        yield return Row("grace", Reserve(Line()), request => request.Grace = Seconds(-1));
        yield return Row("grace", Reserve(Line()), request => request.Grace = Seconds(3_601));
        yield return Row("parent_id", Reserve(Line()), request => request.ParentId = "");
        yield return Row("reservation_id", Commit(), request => request.ReservationId = "");
        yield return Row("actual.items[0].quantity", Commit(Line(quantity: -1)));
        yield return Row("actual.items[0].quantity", Commit(Line(quantity: 1_000_000_000_000_001)));
        yield return Row("actual.items[0].meter", Commit(Line("llm.other")));
        yield return Row("reservation_id", new V1.ReleaseRequest { CommandId = Id(), ReservationId = "x" });
        yield return Row("reason", Refund(), request => request.Reason = "");
        yield return Row("reason", Refund(), request => request.Reason = "unused");
        yield return Row("lines.items", Refund(), request => request.Lines = new());
        yield return Row("lines.items[0].quantity", Refund(), request => request.Lines = new() { Items = { Line(quantity: 0) } });
        yield return Row("restore_until", Refund(), request => request.RestoreUntil = new Timestamp { Seconds = long.MaxValue });
        yield return Row("time_to_live", new V1.ExtendRequest { CommandId = Id(), ReservationId = Reservation });
        yield return Row("add[0].quantity", new V1.ExtendRequest { CommandId = Id(), ReservationId = Reservation, Add = { Line(quantity: 0) } });
        yield return Row("mode", new V1.TrackRequest { CommandId = Id(), Lines = { Line() }, Mode = (V1.TrackMode)9 });
        yield return Row("occurred_at", new V1.TrackRequest { CommandId = Id(), Lines = { Line() }, OccurredAt = new() { Nanos = -1 } });
        yield return Row("lines", new V1.CheckRequest());
        yield return Row("parent_id", new V1.CheckRequest { Lines = { Line() }, ParentId = "x" });
    }

    [TestCaseSource(nameof(Refused))]
    public void Refuses_and_names_the_field(string field, object request) =>
        Assert.That(() => Read(request), Throws.TypeOf<RequestRefused>().With.Property("Refused").Property("Field").EqualTo(field));

    [TestCase("", false)]
    [TestCase("ada", true)]
    [TestCase("Ada.L_1:x@y-z", true)]
    [TestCase("ada lovelace", false)]
    [TestCase("adä", false)]
    [TestCase("ada/1", false)]
    public void A_user_is_an_opaque_id(string user, bool right)
    {
        if (right) Assert.That(Fields.User(user), Is.EqualTo(user));
        else Assert.That(() => Fields.User(user), Throws.TypeOf<RequestRefused>());
    }

    [Test]
    public void A_user_has_at_most_128_characters()
    {
        Assert.That(Fields.User(new('a', 128)), Has.Length.EqualTo(128));
        Assert.That(() => Fields.User(new('a', 129)), Throws.TypeOf<RequestRefused>());
    }

    [Test]
    public void An_id_may_be_dated_60_seconds_ahead() => Assert.That(() => Fields.CommandId(Id(TimeSpan.FromSeconds(60)), Now), Throws.Nothing);

    [Test]
    public void A_reservation_lasts_10_minutes_and_the_default_grace_unless_it_says_so()
    {
        var plain = LedgerRequests.Read(Reserve(Line()), Asked);
        Assert.That((plain.TimeToLive, plain.Grace), Is.EqualTo((TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30))));
        var asked = Reserve(Line());
        (asked.TimeToLive, asked.Grace) = (Seconds(1), Seconds(0));
        var told = LedgerRequests.Read(asked, Asked);
        Assert.That((told.TimeToLive, told.Grace), Is.EqualTo((TimeSpan.FromSeconds(1), TimeSpan.Zero)));
    }

    [Test]
    public void Lines_carry_their_unit_and_the_prices_that_may_govern_them()
    {
        var reserved = LedgerRequests.Read(Reserve(Line(attributes: ("model", "large"))), Asked).Lines[0];
        Assert.That(reserved with { Rates = [] },
            Is.EqualTo(new AskedLine("llm.tokens", "tokens", Attributes.Of([new("model", "large")]), 10, [])));
        Assert.That(reserved.Rates.Select(rate => rate.Book), Is.EqualTo(new[] { 2 }), "a new reservation is priced by the book in force");
        var committed = LedgerRequests.Read(Commit(Line()), Asked).Actual![0];
        Assert.That(committed.Rates.Select(rate => rate.Book), Is.EqualTo(new[] { 1, 2 }), "a commit by the one at its reservation, up to a day ago");
    }

    [Test]
    public void A_commit_charges_the_hold_the_lines_or_nothing()
    {
        Assert.That(LedgerRequests.Read(new V1.CommitRequest { CommandId = Id(), ReservationId = Reservation }, Asked).Actual, Is.Null);
        Assert.That(LedgerRequests.Read(Commit(), Asked).Actual, Is.Empty);
        Assert.That(LedgerRequests.Read(Commit(Line(quantity: 0)), Asked).Actual![0].Quantity, Is.Zero);
    }

    private static V1.CommitRequest Commit(params V1.Line[] lines) =>
        new() { CommandId = Id(), ReservationId = Reservation, Actual = new() { Items = { lines } } };

    private static V1.RefundRequest Refund() => new() { CommandId = Id(), ReservationId = Reservation, Reason = "provider_error" };

    private static Duration Seconds(double seconds) => Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds));

    private static TestCaseData Row<T>(string field, T request, Action<T>? change = null) where T : notnull
    {
        change?.Invoke(request);
        return new TestCaseData(field, request).SetArgDisplayNames(field, $"{request}"[..Math.Min(60, $"{request}".Length)]);
    }

    private static object Read(object request) => request switch
    {
        V1.ReserveRequest reserve => LedgerRequests.Read(reserve, Asked),
        V1.CommitRequest commit => LedgerRequests.Read(commit, Asked),
        V1.ReleaseRequest release => LedgerRequests.Read(release, Asked),
        V1.RefundRequest refund => LedgerRequests.Read(refund, Asked),
        V1.ExtendRequest extend => LedgerRequests.Read(extend, Asked),
        V1.TrackRequest track => LedgerRequests.Read(track, Asked),
        V1.CheckRequest check => LedgerRequests.Read(check, Asked),
        _ => throw new ArgumentException("no such request"),
    };
}
