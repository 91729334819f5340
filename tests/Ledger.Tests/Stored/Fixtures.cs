using System.Text;
using System.Text.RegularExpressions;

namespace Metering.Ledger.Tests.Stored;

/// <summary>Golden files: what streams hold, one file per stored type and example, frozen for ever. Each is the very bytes, indented.</summary>
internal static partial class Fixtures
{
    public static string[] NamesOf(string category) =>
        Directory.GetFiles(Path.Combine(Root, category), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal).ToArray();

    /// <summary>The stored bytes of an example: its file without the whitespace. A new example's file is to be what the failure says.</summary>
    public static byte[] Read(string category, string name, ReadOnlyMemory<byte>? written = null)
    {
        var path = Path.Combine(Root, category, name + ".json");
        if (!File.Exists(path)) Assert.Fail($"contracts/fixtures/{category}/{name}.json is missing: {(written is { } data ? Shown(data) : "")}");
        return Encoding.UTF8.GetBytes(Packed(File.ReadAllText(path)));
    }

    /// <summary>How the bytes are to be written in a file: whitespace is all that is added.</summary>
    private static string Shown(ReadOnlyMemory<byte> data)
    {
        var (shown, depth, before) = (new StringBuilder(), 0, "");
        foreach (var token in Tokens(Encoding.UTF8.GetString(data.Span)))
        {
            var (opened, closes) = (before is "{" or "[", token is "}" or "]");
            if (opened) depth++;
            if (closes) depth--;
            if (before is "," || opened != closes) shown.Append('\n').Append(' ', 2 * depth);
            shown.Append(token).Append(token is ":" ? " " : "");
            before = token;
        }
        return shown.Append('\n').ToString();
    }

    private static string Packed(string json) => string.Concat(Tokens(json));

    /// <summary>Strings with their escapes as they are written, numbers, signs; no whitespace.</summary>
    private static IEnumerable<string> Tokens(string json) => Token().Matches(json).Select(match => match.Value);

    [GeneratedRegex("""\x22(?:[^\x22\\]|\\.)*\x22|[{}\[\],:]|[^\s{}\[\],:\x22]+""")]
    private static partial Regex Token();

    private static string Root
    {
        get
        {
            var at = new DirectoryInfo(AppContext.BaseDirectory);
            while (at is not null && !File.Exists(Path.Combine(at.FullName, "Metering.sln"))) at = at.Parent;
            return Path.Combine(at?.FullName ?? throw new DirectoryNotFoundException("the tests run outside the repository"), "contracts", "fixtures");
        }
    }
}
