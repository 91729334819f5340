using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;
using static Metering.Ledger.Tests.Accounts.AccountSamples;

namespace Metering.Ledger.Tests.Stored;

/// <summary>
/// How a shape changes: as if <c>suspended</c> had once had no reason, and before that had been called a <c>block</c> with a code.
/// Each older name is read as the next version, the current one by its type; writing knows only the current name.
/// </summary>
public sealed class UpcastTests
{
    private static readonly Dictionary<string, Upcast> Older = new()
    {
        ["block.v0"] = data =>
        {
            data.Remove("code");
            return ("suspended.v0", data);
        },
        ["suspended.v0"] = data =>
        {
            data["reason"] = "not recorded";
            return ("suspended.v1", data);
        },
    };

    private static readonly Suspended Current = new(May, By(1), "not recorded");

    private static byte[] Stored(params string[] without)
    {
        var data = JsonNode.Parse(LedgerEvents.Encode(Current).Data.Span)!.AsObject();
        foreach (var field in without) data.Remove(field);
        return Encoding.UTF8.GetBytes(data.ToJsonString());
    }

    private static byte[] Block()
    {
        var data = JsonNode.Parse(Stored("reason"))!.AsObject();
        data["code"] = 7;
        return Encoding.UTF8.GetBytes(data.ToJsonString());
    }

    [Test]
    public void An_older_version_is_read_as_the_current_one() =>
        Assert.That(LedgerEvents.Decode("suspended.v0", Stored("reason"), Older), Is.EqualTo(Current));

    [Test]
    public void Versions_are_read_one_after_another() => Assert.That(LedgerEvents.Decode("block.v0", Block(), Older), Is.EqualTo(Current));

    [Test]
    public void The_current_version_is_read_as_it_is() =>
        Assert.That(LedgerEvents.Decode("suspended.v1", Stored(), Older), Is.EqualTo(Current));

    [Test]
    public void What_comes_of_it_must_be_of_the_current_shape() =>
        Assert.That(() => LedgerEvents.Decode("suspended.v0", Stored("reason", "cause"), Older), Throws.InstanceOf<JsonException>());

    [Test]
    public void A_name_that_nobody_knows_stops_the_reader_all_the_same() =>
        Assert.That(() => LedgerEvents.Decode("suspended.v2", Stored(), Older), Throws.InvalidOperationException);

    [Test]
    public void Without_the_function_an_older_name_is_unknown() =>
        Assert.That(() => LedgerEvents.Decode("suspended.v0", Stored("reason")), Throws.InvalidOperationException);
}
