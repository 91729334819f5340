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

    private static string Hash(Command command) =>
        string.Create(CultureInfo.InvariantCulture, $"{command.Content.High:x16}{command.Content.Low:x16}");
}
