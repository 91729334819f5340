using Marten.Internal;

namespace Marten;

/// <summary>What is known of each type of document. A type that was never named gets the defaults.</summary>
public class MartenRegistry
{
    private readonly Dictionary<Type, string> _aliases = [];

    /// <summary>Names a type.</summary>
    public DocumentMappingExpression<T> For<T>() where T : notnull => new(this);

    internal string AliasOf(Type type) => _aliases.GetValueOrDefault(type) ?? TableOf.DefaultAlias(type);

    /// <summary>Settings of one type.</summary>
    public class DocumentMappingExpression<T> where T : notnull
    {
        private readonly MartenRegistry _parent;

        internal DocumentMappingExpression(MartenRegistry parent) => _parent = parent;

        /// <summary>Its table is <c>mt_doc_ALIAS</c>, in lower case.</summary>
        public DocumentMappingExpression<T> DocumentAlias(string alias)
        {
            _parent._aliases[typeof(T)] = alias.ToLowerInvariant();
            return this;
        }

        /// <summary>An index that others make: it stays. (Here all that is unknown stays.)</summary>
        public DocumentMappingExpression<T> IgnoreIndex(string indexName)
        {
            ArgumentException.ThrowIfNullOrEmpty(indexName);
            return this;
        }
    }
}
