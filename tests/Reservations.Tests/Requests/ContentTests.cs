using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Metering.Ledger.Accounts;
using Metering.Reservations.Requests;
using static Metering.Reservations.Tests.Samples;

namespace Metering.Reservations.Tests.Requests;

/// <summary>What makes two commands the same. The hashes are frozen: ids are remembered by them while versions of this service change.</summary>
public sealed class ContentTests
{
    private const string Reservation = "0193a1f2-6c1e-7b3a-9d52-1c2f3a4b5c6d";

    [Test]
    public void The_hashes_stand() => Assert.Multiple(() =>
    {
        Assert.That(Hash(Reserve(Line(attributes: [("model", "large"), ("cached", "yes")]))), Is.EqualTo("1c7164b13e46ea2833e84f3cf196df04"));
        Assert.That(Hash(Child()), Is.EqualTo("88918a82f88a8112eaf1111cca3cf562"));
        Assert.That(Hash(LedgerRequests.Read(Commit(), Asked)), Is.EqualTo("9d67227fe5e195f975108f93993a6e57"));
        Assert.That(Hash(LedgerRequests.Read(new V1.ReleaseRequest { CommandId = Id(), ReservationId = Reservation }, Asked)), Is.EqualTo("53e7678c8b3ea7713ae6aaf23db6eaaa"));
    });

    [Test]
    public void The_hashes_of_later_commands_and_fields_stand() => Assert.Multiple(() =>
    {
        var revoke = new V1.RevokeCreditRequest { CommandId = Id(), GrantId = Reservation };
        var suspend = new V1.SuspendRequest { CommandId = Id(), Reason = "fraud" };
        Stands("b031f12e75df7d058d6b72af30350730", LedgerRequests.Read(Track(null), Asked).Content, "as before there was occurred_at");
        Stands("14d3aa58a0e0c53e04b56a4a3645856c", LedgerRequests.Read(Track(Now.AddDays(-1)), Asked).Content);
        Stands("5b0e1bbe0332152a153873b45847f2dd", AccountRequests.Read(suspend, Asked).Content);
        Stands("031f9a6b6f6ffea1b37fc766e0ee5f48", AccountRequests.Read(new V1.ResumeRequest { CommandId = Id() }, Asked).Content);
        Stands("255978b2d5828aa03c311a063893024e", AccountRequests.Read(revoke, Asked).Content);
        Stands("0b9e728bc51a88c75649b1456f746a51", CatalogRequests.Read(Publish(), Now).Content, "as before there were thresholds");
        Stands("e4c907faabf3e11cd1970f7ed090acc7", CatalogRequests.Read(Publish(80, 100), Now).Content);
    });

    [Test]
    public void Who_asks_and_by_which_id_is_not_content()
    {
        var (one, other) = (Reserve(Line()), Reserve(Line()));
        (other.User, other.CommandId) = ("bob", Id(TimeSpan.FromSeconds(1)));
        Assert.That(Hash(other), Is.EqualTo(Hash(one)));
    }

    [Test]
    public void The_order_of_attributes_is_not_content() => Assert.That(
        Hash(Reserve(Line(attributes: [("a", "1"), ("b", "2")]))), Is.EqualTo(Hash(Reserve(Line(attributes: [("b", "2"), ("a", "1")])))));

    [Test]
    public void Prices_and_defaults_are_not_content()
    {
        var later = Asked with { Now = Asked.Now.AddDays(-3), Grace = TimeSpan.FromMinutes(1) };
        var request = Reserve(Line());
        request.CommandId = Guid.CreateVersion7(later.Now).ToString();
        Assert.That(LedgerRequests.Read(request, later).Content, Is.EqualTo(LedgerRequests.Read(request, Asked).Content));
    }

    [Test]
    public void Every_other_difference_is_content()
    {
        var plain = Reserve(Line());
        var requests = new List<V1.ReserveRequest>
        {
            plain, Reserve(Line(quantity: 11)), Reserve(Line("image.render")), Reserve(Line(attributes: ("model", "large"))),
            Reserve(Line(attributes: ("modell", "arge"))), Reserve(Line(), Line("image.render")), Reserve(Line("image.render"), Line()),
        };
        requests.Add(plain.Clone());
        requests[^1].TimeToLive = Duration.FromTimeSpan(TimeSpan.FromMinutes(10));
        requests.Add(plain.Clone());
        requests[^1].Grace = Duration.FromTimeSpan(TimeSpan.FromMinutes(10));
        requests.Add(plain.Clone());
        requests[^1].ParentId = Reservation;
        var hashes = requests.Select(Hash).Append(Hash(LedgerRequests.Read(new V1.TrackRequest { CommandId = Id(), Lines = { Line() } }, Asked)));
        Assert.That(hashes, Is.Unique);
    }

    [Test]
    public void A_commit_of_nothing_is_not_one_of_everything() => Assert.That(
        Hash(LedgerRequests.Read(new V1.CommitRequest { CommandId = Id(), ReservationId = Reservation }, Asked)),
        Is.Not.EqualTo(Hash(LedgerRequests.Read(new V1.CommitRequest { CommandId = Id(), ReservationId = Reservation, Actual = new() }, Asked))));

    private static V1.ReserveRequest Child()
    {
        var request = Reserve(Line());
        request.ParentId = Reservation;
        return request;
    }

    private static V1.CommitRequest Commit() => new() { CommandId = Id(), ReservationId = Reservation, Actual = new() { Items = { Line() } } };

    private static string Hash(V1.ReserveRequest request) => Hash(LedgerRequests.Read(request, Asked));

    private static V1.TrackRequest Track(DateTimeOffset? occurredAt) => new()
    {
        CommandId = Id(), Lines = { Line() }, Mode = V1.TrackMode.PostPaid, OccurredAt = occurredAt?.ToTimestamp(),
    };

    private static V1.PublishPlanRequest Publish(params int[] thresholds)
    {
        var group = new V1.LimitGroup
        {
            Label = "tokens", Unit = "tokens", Kind = V1.GroupKind.Funding, Window = V1.WindowLength.Day, Quota = 5,
            Matches = { new V1.Match { Meter = "llm.*" } }, Thresholds = { thresholds },
        };
        var plan = new V1.Plan { Id = "pro", Period = V1.WindowLength.Month, Currency = "USD", Groups = { group } };
        return new() { CommandId = Id(), Plan = plan };
    }

    private static void Stands(string hash, ContentHash content, string? why = null) => Assert.That(Hash(content), Is.EqualTo(hash), why);

    private static string Hash(Command command) => Hash(command.Content);

    private static string Hash(ContentHash content) => string.Create(CultureInfo.InvariantCulture, $"{content.High:x16}{content.Low:x16}");
}
